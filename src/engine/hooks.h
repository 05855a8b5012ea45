/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event hooks are told what happened: which hook is told what is the store's business (app/hook.h), this asks and notes
 * what came of it. On the engine's thread; one delivery of a hook is under way at a time.
 */
#ifndef ENGINE_HOOKS_H
#define ENGINE_HOOKS_H

#include "engine/engine.h"

struct hooks;

struct hooks *hooks_new(struct engine *engine, const struct engine_options *options);
/* When nothing of it is under way any more. Accepts NULL, returns NULL. */
struct hooks *hooks_free(struct hooks *hooks);
/* Hands out what is due; `woken`: something may have changed. When to come again, ms. */
int64_t hooks_move(struct hooks *hooks, int64_t now, bool woken);

#endif

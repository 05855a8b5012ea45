/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about event hooks share. */
#ifndef APP_HOOK_BODY_H
#define APP_HOOK_BODY_H

#include "app/hook.h"
#include "app/inner.h"

#define HOOK_SUBJECT "eventHook"

struct hook_body {
    const char *document; /* canonical JSON, without secrets */
    const char *uri;
    const char *auth_key;   /* NULL: no authScheme */
    const char *auth_value; /* NULL: not given */
};
/* Judges an EventHook as published. Texts in the tx's arena or the body. 0 or ERR_PROBLEM. */
int hook_body_read(struct tx *tx, const struct jval *body, struct hook_body *ret, struct problem *problem) MUSTCHECK;

/* hook_types.c: an event type that Muster writes, or a published one. */
bool hook_type_is_known(const char *type);

/* hook.c */
int hook_signing_secret(struct tx *tx, const struct keyring *keyring, const struct hook *hook,
                        const char **ret) MUSTCHECK;

#endif

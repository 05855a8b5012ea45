/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that cannot be used safely, or that hide state. Included by force before every file, so that a use of one
 * is a compile error that names its replacement.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef sprintf /* a macro with clang and _FORTIFY_SOURCE */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
/* rand() and random() are not listed only because libsodium's header has a field of that name; env.h replaces them. */
#pragma GCC poison gets atoi atol atoll rand srand
#pragma GCC poison localtime localtime_r gmtime ctime asctime

#endif

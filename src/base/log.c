/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/env.h"

#include <stdarg.h>

void log_line(const char *format, ...)
{
    char text[2048];
    char when[CLOCK_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)fprintf(stderr, "%s %s\n", clock_iso(env_now(env_real()), when), text);
}

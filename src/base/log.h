/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on standard error for the person who runs the process. Rooms below cli and engine return errors instead of
 * logging; what administrators must know goes to the system log (record).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/macros.h"

void log_line(const char *format, ...) PRINTF_LIKE(1, 2);

#endif

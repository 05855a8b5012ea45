/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

const char *err_text(int err)
{
    switch (err) {
#define X(name, offset, text)                                                                                          \
    case name:                                                                                                         \
        return text;
        ERR_LIST(X)
#undef X
    default:
        return "unknown error";
    }
}

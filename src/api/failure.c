/* SPDX-License-Identifier: Apache-2.0 */
#include "api/failure.h"

#include "record/record.h"
#include "target/answer.h"

void failure_write_class(struct jout *out, const char *error_class)
{
    static const char *const retries[] = {[ERROR_ACTION_RETRY] = "AUTOMATIC",
                                          [ERROR_ACTION_HOLD] = "ON_REQUEST",
                                          [ERROR_ACTION_RELOOK] = "AFTER_LOOKING_UP",
                                          [ERROR_ACTION_READ_BACK] = "AFTER_READING"};
    enum error_class class = error_class_parse(error_class);
    if (class == ERROR_NONE)
        return;
    jout_str(out, "errorCode", error_class_code(class));
    jout_str(out, "cause", error_class_cause(class));
    jout_str(out, "action", error_class_remedy(class));
    jout_str(out, "retry", retries[error_class_action(class)]);
}

int failure_write(struct tx *tx, struct jout *out, const char *key, const struct failure *failure)
{
    jout_object(out, key);
    jout_str(out, "errorClass", failure->error_class);
    failure_write_class(out, failure->error_class);
    jout_str(out, "words", failure->words);
    if (failure->status)
        jout_int(out, "httpStatus", failure->status);
    else
        jout_null(out, "httpStatus");
    if (failure->failed_at)
        jout_time(out, "failed", failure->failed_at);
    jout_int(out, "attempts", failure->attempts);
    if (failure->next_try)
        jout_time(out, "nextTry", failure->next_try);
    int r = 0;
    if (failure->app_rid)
        r = record_newest_attempt_write(tx, out, "attempt", failure->app_rid, failure->work_kind, failure->object_rid);
    jout_end(out);
    return r < 0 ? r : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* In a file of its own: what does not name api_routes links without the verticals. */
#include "api/api.h"

const struct route *const api_routes[] = {
    user_routes,       group_routes,
    rule_routes,       schema_routes,
    app_routes,        app_user_routes,
    app_group_routes,  connection_routes,
    feature_routes,    push_routes,
    push_rule_routes,  push_bulk_routes,
    token_routes,      system_routes,
    import_routes,     imports_routes,
    target_routes,     record_routes,
    log_routes,        deletion_routes,
    drift_routes,      event_hook_routes,
    session_routes,    administrator_routes,
    separation_routes, stream_routes,
    explain_routes,    repair_routes,
    mapping_routes,    conversion_routes,
    same_group_routes, overview_routes,
    protected_routes,  NULL,
};

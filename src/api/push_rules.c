/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Push rules and the settings of group push: what the published console has and the published API lacks, in its style,
 * beside the published mappings.
 */
#include "api/push_objects.h"
#include "base/clock.h"
#include "base/limits.h"

#define PREVIEW_DEFAULT 50 /* groups that a preview shows */
#define PREVIEW_MAX 200
#define PREVIEW_CHUNK 500       /* groups looked at between two looks at the page */
#define PREVIEW_LOOK_MAX 100000 /* groups that one page of a preview looks at */

static const char *const status_names[] = {
    [PUSH_RULE_ACTIVE] = "ACTIVE", [PUSH_RULE_INACTIVE] = "INACTIVE", [PUSH_RULE_DELETED] = NULL};
static const char *const retract_names[] = {
    [RETRACT_NO] = "NO", [RETRACT_UNLINK] = "UNLINK", [RETRACT_DELETE] = "DELETE_APP_GROUP"};
static const char *const existing_names[] = {[EXISTING_GROUPS_SKIP] = "SKIP", [EXISTING_GROUPS_LINK] = "LINK"};

static int find_rule(struct tx *tx, struct call *call, struct app *ret_app, struct push_rule *ret)
{
    int r = find_app(tx, call, ret_app);
    if (r == 0)
        r = push_rule_by_id(tx, ret_app->rid, call->params[1], ret);
    return r == ERR_NOT_FOUND ? call_not_found(call, call->params[1], "GroupPushRule") : r;
}

static void write_criterion(struct jout *out, const char *key, const struct criterion *criterion)
{
    if (criterion->kind == MATCH_NONE)
        return;
    jout_object(out, key);
    jout_str(out, "operator", match_kind_name(criterion->kind));
    if (criterion->kind != MATCH_EVERYTHING)
        jout_str(out, "value", criterion->value);
    jout_end(out);
}

static int write_rule(struct tx *tx, struct call *call, const struct app *app, const struct push_rule *rule)
{
    struct jout *out = &call->out;
    struct work work = {0};
    int64_t mappings = push_rule_mapping_count(tx, rule->rid);
    if (mappings < 0)
        return (int)mappings;
    int busy = work_find(tx, app->rid, WORK_EXPAND_PUSH_RULE, rule->rid, &work);
    if (busy < 0)
        return busy;
    jout_object(out, NULL);
    jout_str(out, "id", rule->id);
    jout_str(out, "name", rule->name);
    jout_str(out, "status", status_names[rule->status]);
    write_criterion(out, "groupName", &rule->group);
    write_criterion(out, "groupDescription", &rule->description);
    jout_bool(out, "pushMembershipsImmediately", !rule->members_wait);
    jout_str(out, "existingGroups", existing_names[rule->existing]);
    jout_str(out, "retract", retract_names[rule->retract]);
    jout_time(out, "created", rule->created);
    jout_time(out, "lastUpdated", rule->last_updated);
    jout_int(out, "mappings", mappings);
    jout_bool(out, "evaluating", busy > 0);
    jout_object(out, "_links");
    object_link(call, "self", call_link(call, "/api/v1/apps/%s/group-push/rules/%s", app->id, rule->id), NULL);
    object_link(call, "app", call_link(call, "/api/v1/apps/%s", app->id), NULL);
    object_link(call, "mappings", call_link(call, "/api/v1/apps/%s/group-push/mappings?ruleId=%s", app->id, rule->id),
                NULL);
    jout_end(out);
    jout_end(out);
    return 0;
}

/* --- reading a rule from a body ------------------------------------------------------------------------------------
 */

static int read_criterion(struct call *call, const struct jval *body, const char *key, struct criterion *ret)
{
    static const char *names[MATCH_COUNT];
    const struct jval *part = NULL;
    int choice = MATCH_NONE;
    *ret = (struct criterion){.kind = MATCH_NONE, .value = ""};
    for (int kind = 0; kind < MATCH_COUNT; kind++)
        names[kind] = match_kind_name((enum match_kind)kind);
    int r = field_object(call, body, key, &part);
    if (r <= 0)
        return r;
    r = field_choice(call, part, "operator", names, MATCH_COUNT, &choice);
    if (r == 0)
        return call_invalid(call, "operator", "%s needs an operator, STARTS_WITH for instance", key);
    if (r > 0)
        r = field_string(call, part, "value", &ret->value);
    ret->kind = (enum match_kind)choice;
    return r < 0 ? r : 0;
}

/* `ret` holds the defaults. */
static int read_rule(struct call *call, const struct jval *body, struct push_rule *ret)
{
    int status = ret->status;
    int existing = (int)ret->existing;
    int retract = (int)ret->retract;
    bool at_once = !ret->members_wait;
    int r = field_string(call, body, "name", &ret->name);
    if (r >= 0)
        r = field_choice(call, body, "status", status_names, ARRAY_LEN(status_names), &status);
    if (r >= 0)
        r = read_criterion(call, body, "groupName", &ret->group);
    if (r >= 0)
        r = read_criterion(call, body, "groupDescription", &ret->description);
    if (r >= 0)
        r = field_bool(call, body, "pushMembershipsImmediately", &at_once);
    if (r >= 0)
        r = field_choice(call, body, "existingGroups", existing_names, ARRAY_LEN(existing_names), &existing);
    if (r >= 0)
        r = field_choice(call, body, "retract", retract_names, ARRAY_LEN(retract_names), &retract);
    if (r >= 0 && !ret->name)
        return call_invalid(call, "name", "The field cannot be left blank. Give the rule a name.");
    ret->status = (enum push_rule_status)status;
    ret->existing = (enum existing_groups)existing;
    ret->retract = (enum retract)retract;
    ret->members_wait = !at_once;
    return r < 0 ? r : 0;
}

static int body_rule(struct call *call, const struct app *app, struct push_rule *ret)
{
    const struct jval *body = NULL;
    *ret = (struct push_rule){.app_rid = app->rid, .status = PUSH_RULE_ACTIVE};
    int r = call_body_object(call, &body);
    return r < 0 ? r : read_rule(call, body, ret);
}

/* --- calls ---------------------------------------------------------------------------------------------------------
 */

static int list_rules(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    int64_t after = 0;
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = call_page(call, PREVIEW_DEFAULT, PREVIEW_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r < 0)
        return r;
    struct push_rule *rules = arena_array(tx_arena(tx), (size_t)page.limit + 1, sizeof(*rules));
    int count = push_rule_list(tx, app.rid, after, rules, page.limit + 1);
    r = count;
    jout_array(&call->out, NULL);
    for (int i = 0; r >= 0 && i < MIN_OF(count, page.limit); i++)
        r = write_rule(tx, call, &app, &rules[i]);
    jout_end(&call->out);
    const char *next = NULL;
    if (count > page.limit)
        next = arena_printf(call->arena, "%lld", (long long)rules[page.limit - 1].rid);
    call_page_links(call, next);
    return r < 0 ? r : 0;
}

static int get_rule(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct push_rule rule = {0};
    int r = find_rule(tx, call, &app, &rule);
    return r < 0 ? r : write_rule(tx, call, &app, &rule);
}

static int create_rule(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct push_rule input = {0};
    struct push_rule rule = {0};
    int r = find_app(tx, call, &app);
    if (r == 0)
        r = body_rule(call, &app, &input);
    if (r == 0)
        r = push_rule_create(tx, &app, &input, &rule, &call->problem);
    call->status = 201;
    return r < 0 ? r : write_rule(tx, call, &app, &rule);
}

static int replace_rule(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct push_rule rule = {0};
    struct push_rule input = {0};
    int r = find_rule(tx, call, &app, &rule);
    if (r == 0)
        r = body_rule(call, &app, &input);
    if (r == 0)
        r = push_rule_replace(tx, &app, &rule, &input, &call->problem);
    return r < 0 ? r : write_rule(tx, call, &app, &rule);
}

static int set_status(struct tx *tx, struct call *call, enum push_rule_status status)
{
    struct app app = {0};
    struct push_rule rule = {0};
    int r = call_body_optional(call);
    if (r == 0)
        r = find_rule(tx, call, &app, &rule);
    if (r == 0)
        r = push_rule_set_status(tx, &rule, status);
    return r < 0 ? r : write_rule(tx, call, &app, &rule);
}

static int activate_rule(struct tx *tx, struct call *call)
{
    return set_status(tx, call, PUSH_RULE_ACTIVE);
}

static int deactivate_rule(struct tx *tx, struct call *call)
{
    return set_status(tx, call, PUSH_RULE_INACTIVE);
}

/* The published console's three choices; without one, nothing is taken away. */
static int delete_rule(struct tx *tx, struct call *call)
{
    static const char *const names[] = {
        [RULE_GONE_KEEP] = "KEEP", [RULE_GONE_UNLINK] = "DELETE", [RULE_GONE_DELETE_GROUPS] = "DELETE_WITH_APP_GROUPS"};
    struct app app = {0};
    struct push_rule rule = {0};
    const char *text = call_query(call, "mappings");
    size_t gone = RULE_GONE_KEEP;
    while (text && gone < ARRAY_LEN(names) && strcmp(names[gone], text) != 0)
        gone++;
    if (gone == ARRAY_LEN(names))
        return call_invalid(call, "mappings",
                            "Must be KEEP (the rule's mappings stay, as if made by name), DELETE (they go, the app's "
                            "groups stay) or DELETE_WITH_APP_GROUPS.");
    int r = find_rule(tx, call, &app, &rule);
    if (r == 0)
        r = push_rule_delete(tx, &rule, (enum rule_gone)gone);
    call->status = 204;
    return r;
}

/* --- preview -------------------------------------------------------------------------------------------------------
 */

struct preview {
    struct tx *tx;
    struct call *call;
    const struct matcher *matcher;
    int written, limit;
    int64_t looked; /* groups */
    int64_t last;   /* rid of the last group that was looked at */
};

static int preview_group(struct preview *preview, int64_t rid)
{
    struct group group = {0};
    enum rule_outcome outcome = RULE_NO_MATCH;
    struct jout *out = &preview->call->out;
    int r = group_by_rid(preview->tx, rid, &group);
    if (r == 0)
        r = matcher_judge(preview->tx, preview->matcher, &group, &outcome);
    if (r < 0)
        return r;
    preview->looked++;
    preview->last = rid;
    if (outcome == RULE_NO_MATCH)
        return 0;
    jout_object(out, NULL);
    jout_str(out, "groupId", group.id);
    jout_str(out, "name", group.name);
    jout_str_opt(out, "description", group.description);
    jout_str(out, "outcome", rule_outcome_name(outcome));
    jout_end(out);
    preview->written++;
    return 0;
}

/* 1: the page is full and there may be more; 0: every group was looked at. */
static int preview_page(struct preview *preview, int64_t after)
{
    int64_t *rids = arena_array(tx_arena(preview->tx), PREVIEW_CHUNK, sizeof(*rids));
    for (preview->last = after;;) {
        int count = group_rids(preview->tx, GROUP_OKTA, preview->last, rids, PREVIEW_CHUNK);
        for (int i = 0; i < count; i++) {
            if (preview->written == preview->limit || preview->looked == PREVIEW_LOOK_MAX)
                return 1;
            int r = preview_group(preview, rids[i]);
            if (r < 0)
                return r;
        }
        if (count < PREVIEW_CHUNK)
            return count < 0 ? count : 0;
    }
}

static int preview_rule(struct tx *tx, struct call *call)
{
    struct app app = {0};
    struct page page = {0};
    const struct jval *body = NULL;
    struct matcher *matcher = NULL;
    int64_t after = 0;
    struct push_rule rule = {.name = "preview", .status = PUSH_RULE_ACTIVE};
    int r = find_app(tx, call, &app);
    rule.app_rid = app.rid;
    if (r == 0)
        r = call_page(call, PREVIEW_DEFAULT, PREVIEW_MAX, &page);
    if (r == 0)
        r = object_after_rid(call, &page, &after);
    if (r == 0)
        r = call_body_object(call, &body);
    if (r == 0)
        r = read_rule(call, body, &rule);
    if (r == 0)
        r = matcher_new(&matcher, &rule, &call->problem);
    if (r < 0)
        return r;
    struct preview preview = {.tx = tx, .call = call, .matcher = matcher, .limit = page.limit};
    jout_array(&call->out, NULL);
    r = preview_page(&preview, after);
    jout_end(&call->out);
    matcher_free(matcher);
    call_page_links(call, r > 0 ? arena_printf(call->arena, "%lld", (long long)preview.last) : NULL);
    return r < 0 ? r : 0;
}

/* --- settings ------------------------------------------------------------------------------------------------------
 */

static const char *const deleted_names[] = {[SOURCE_DELETED_LEAVE] = "LEAVE", [SOURCE_DELETED_DELETE] = "DELETE"};

static const char *const verify_names[] = {
    [VERIFY_MODE_NEVER] = "NEVER", [VERIFY_MODE_SAMPLED] = "SAMPLED", [VERIFY_MODE_ALWAYS] = "ALWAYS"};

static const char *const missing_names[] = {[GROUP_MISSING_ALERT] = "ALERT", [GROUP_MISSING_REPAIR] = "REPAIR"};

static int write_settings(struct tx *tx, struct call *call, const struct app *app)
{
    struct app_switches switches = {0};
    struct push_settings settings = {0};
    int r = app_switches_get(tx, app->rid, &switches);
    if (r == 0)
        r = push_settings_get(tx, app->rid, &settings);
    if (r < 0)
        return r;
    jout_object(&call->out, NULL);
    jout_bool(&call->out, "renameAppGroups", settings.rename_groups);
    jout_str(&call->out, "onSourceGroupDeleted", deleted_names[settings.on_source_deleted]);
    jout_str(&call->out, "onGroupMissing", missing_names[settings.on_group_missing]);
    jout_bool(&call->out, "deleteLinkedGroups", switches.delete_linked_groups);
    jout_str(&call->out, "verify", verify_names[switches.verify]);
    jout_str(&call->out, "dialect", app_dialect_name(switches.dialect));
    jout_end(&call->out);
    return 0;
}

static int get_settings(struct tx *tx, struct call *call)
{
    struct app app = {0};
    int r = find_app(tx, call, &app);
    return r < 0 ? r : write_settings(tx, call, &app);
}

static int read_dialect(struct call *call, const struct jval *body, enum app_dialect *ret)
{
    static const char *names[DIALECT_COUNT];
    int dialect = (int)*ret;
    for (int i = 0; i < DIALECT_COUNT; i++)
        names[i] = app_dialect_name((enum app_dialect)i);
    int r = field_choice(call, body, "dialect", names, DIALECT_COUNT, &dialect);
    *ret = (enum app_dialect)dialect;
    return r;
}

/* How many of the fields are given. */
static int read_push_settings(struct call *call, const struct jval *body, struct push_settings *ret)
{
    int deleted = (int)ret->on_source_deleted;
    int missing = (int)ret->on_group_missing;
    int given = field_bool(call, body, "renameAppGroups", &ret->rename_groups);
    int r = given < 0
                ? given
                : field_choice(call, body, "onSourceGroupDeleted", deleted_names, ARRAY_LEN(deleted_names), &deleted);
    given += r;
    r = r < 0 ? r : field_choice(call, body, "onGroupMissing", missing_names, ARRAY_LEN(missing_names), &missing);
    ret->on_source_deleted = (enum source_deleted)deleted;
    ret->on_group_missing = (enum group_missing)missing;
    return r < 0 ? r : given + r;
}

/* What is left out stays as it is. */
static int put_settings(struct tx *tx, struct call *call)
{
    const struct jval *body = NULL;
    struct app app = {0};
    struct app_switches switches = {0};
    struct push_settings settings = {0};
    int r = call_body_object(call, &body);
    if (r == 0)
        r = find_app(tx, call, &app);
    if (r == 0)
        r = app_switches_get(tx, app.rid, &switches);
    if (r == 0)
        r = push_settings_get(tx, app.rid, &settings);
    if (r < 0)
        return r;
    int mode = (int)switches.verify;
    int verify = field_choice(call, body, "verify", verify_names, ARRAY_LEN(verify_names), &mode);
    int linked = verify < 0 ? verify : field_bool(call, body, "deleteLinkedGroups", &switches.delete_linked_groups);
    int dialect = linked < 0 ? linked : read_dialect(call, body, &switches.dialect);
    r = dialect < 0 ? dialect : read_push_settings(call, body, &settings);
    if (r < 0)
        return r;
    if (verify + linked + dialect + r == 0)
        return call_invalid(
            call, "renameAppGroups",
            "Give renameAppGroups, onSourceGroupDeleted, onGroupMissing, deleteLinkedGroups, verify or dialect.");
    switches.verify = (enum verify_mode)mode;
    if (r > 0)
        r = push_settings_set(tx, &app, &settings);
    if (r >= 0 && verify + linked + dialect > 0)
        r = app_switches_set(tx, &app, &switches, &call->problem);
    return r < 0 ? r : write_settings(tx, call, &app);
}

#define PUSH "/api/v1/apps/{appId}/group-push"

const struct route push_rule_routes[] = {
    {"GET", PUSH "/rules", ROUTE_READ, ROLE_READ_ONLY, list_rules, "listGroupPushRules", NULL},
    {"POST", PUSH "/rules", ROUTE_WRITE, ROLE_OPERATOR, create_rule, "createGroupPushRule", NULL},
    {"POST", PUSH "/rules/preview", ROUTE_READ, ROLE_READ_ONLY, preview_rule, "previewGroupPushRule", NULL},
    {"GET", PUSH "/rules/{ruleId}", ROUTE_READ, ROLE_READ_ONLY, get_rule, "getGroupPushRule", NULL},
    {"PUT", PUSH "/rules/{ruleId}", ROUTE_WRITE, ROLE_OPERATOR, replace_rule, "replaceGroupPushRule", NULL},
    {"DELETE", PUSH "/rules/{ruleId}", ROUTE_WRITE, ROLE_OPERATOR, delete_rule, "deleteGroupPushRule", NULL},
    {"POST", PUSH "/rules/{ruleId}/lifecycle/activate", ROUTE_WRITE, ROLE_OPERATOR, activate_rule,
     "activateGroupPushRule", NULL},
    {"POST", PUSH "/rules/{ruleId}/lifecycle/deactivate", ROUTE_WRITE, ROLE_OPERATOR, deactivate_rule,
     "deactivateGroupPushRule", NULL},
    {"GET", PUSH "/settings", ROUTE_READ, ROLE_READ_ONLY, get_settings, "getGroupPushSettings", NULL},
    {"PUT", PUSH "/settings", ROUTE_WRITE, ROLE_ADMIN, put_settings, "replaceGroupPushSettings", NULL},
    {.method = NULL},
};

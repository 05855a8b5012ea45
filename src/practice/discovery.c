/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says about itself (RFC 7644 section 4): ServiceProviderConfig, ResourceTypes, Schemas. */
#include "practice/inner.h"

#define URN_CONFIG "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
#define URN_RESOURCE_TYPE "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define URN_SCHEMA "urn:ietf:params:scim:schemas:core:2.0:Schema"

static void write_schemas(struct jout *out, const char *urn)
{
    jout_array(out, "schemas");
    jout_str(out, NULL, urn);
    jout_end(out);
}

static void write_meta(struct call *call, struct jout *out, const char *type, const char *path, const char *id)
{
    jout_object(out, "meta");
    jout_str(out, "resourceType", type);
    jout_str(out, "location",
             arena_printf(call->arena, "%s/%s%s%s", call->p->base_url, path, id ? "/" : "", id ? id : ""));
    jout_end(out);
}

static void write_switch(struct jout *out, const char *name, bool supported)
{
    jout_object(out, name);
    jout_bool(out, "supported", supported);
    jout_end(out);
}

/* Whether a fault lets the configuration say so. */
static bool says(const struct practice *p, const char *word)
{
    struct fault *fault = bent(p, FAULT_CONFIG);
    bool is = fault && words_have(fault->order.text, word, strlen(word));
    if (is)
        fault_strike(fault);
    return is;
}

static void write_bulk(struct practice *p, struct jout *out)
{
    jout_object(out, "bulk");
    if (says(p, "bare-bulk")) {
        jout_bool(out, "supported", false);
    } else {
        jout_bool(out, "supported", !says(p, "no-bulk"));
        jout_int(out, "maxOperations", PRACTICE_BULK_OPERATIONS);
        jout_int(out, "maxPayloadSize", (int64_t)p->options.body_max);
    }
    jout_end(out);
}

/* RFC 9865 */
static void write_pagination(struct practice *p, int64_t most, struct jout *out)
{
    struct fault *cursor = bent(p, FAULT_CURSOR);
    struct fault *otherwise = bent(p, FAULT_PAGE_DEFAULT);
    bool only = cursor && words_have(cursor->order.text, "only", 4);
    int64_t size = otherwise ? otherwise->order.max : PRACTICE_PAGE_DEFAULT;
    if (says(p, "no-pagination"))
        return;
    if (cursor && cursor->order.max)
        most = MIN_OF(most, (int64_t)cursor->order.max);
    jout_object(out, "pagination");
    jout_bool(out, "cursor", cursor != NULL);
    jout_bool(out, "index", !only);
    jout_str(out, "defaultPaginationMethod", only ? "cursor" : "index");
    jout_int(out, "defaultPageSize", MIN_OF(size, most));
    jout_int(out, "maxPageSize", most);
    if (cursor && cursor->order.ms)
        jout_int(out, "cursorTimeout", (cursor->order.ms + 999) / 1000);
    jout_end(out);
}

static void write_config(struct call *call, struct jout *out)
{
    struct practice *p = call->p;
    struct fault *page = bent(p, FAULT_PAGE_MAX);
    int64_t most = (int64_t)p->options.page_max;
    if (page)
        most = MIN_OF(most, (int64_t)page->order.max);
    jout_object(out, NULL);
    write_schemas(out, URN_CONFIG);
    write_switch(out, "patch", !says(p, "no-patch"));
    write_bulk(p, out);
    jout_object(out, "filter");
    jout_bool(out, "supported", !says(p, "no-filter"));
    jout_int(out, "maxResults", most);
    jout_end(out);
    write_switch(out, "changePassword", !says(p, "no-password"));
    write_switch(out, "sort", !says(p, "no-sort"));
    write_switch(out, "etag", !says(p, "no-etag"));
    write_pagination(p, most, out);
    jout_array(out, "authenticationSchemes");
    if (p->has_token) {
        jout_object(out, NULL);
        jout_str(out, "type", "oauthbearertoken");
        jout_str(out, "name", "Bearer token");
        jout_str(out, "description", "The token that the practice target was started with, as Authorization: Bearer.");
        jout_str(out, "specUri", "https://www.rfc-editor.org/info/rfc6750");
        jout_bool(out, "primary", true);
        jout_end(out);
    }
    jout_end(out);
    write_meta(call, out, "ServiceProviderConfig", "ServiceProviderConfig", NULL);
    jout_end(out);
}

static void write_resource_type(struct call *call, enum practice_kind kind, struct jout *out)
{
    jout_object(out, NULL);
    write_schemas(out, URN_RESOURCE_TYPE);
    jout_str(out, "id", kind_name(kind));
    jout_str(out, "name", kind_name(kind));
    jout_str(out, "endpoint", kind == PRACTICE_USER ? "/Users" : "/Groups");
    jout_str(out, "description", schema_core(kind)->text);
    jout_str(out, "schema", schema_core(kind)->urn);
    jout_array(out, "schemaExtensions");
    if (kind == PRACTICE_USER) {
        jout_object(out, NULL);
        jout_str(out, "schema", URN_ENTERPRISE);
        jout_bool(out, "required", false);
        jout_end(out);
    }
    jout_end(out);
    write_meta(call, out, "ResourceType", "ResourceTypes", kind_name(kind));
    jout_end(out);
}

static void write_words(struct jout *out, const char *key, const char *words)
{
    if (!words)
        return;
    jout_array(out, key);
    while (*words) {
        char word[64];
        size_t n = strcspn(words, " ");
        (void)snprintf(word, sizeof(word), "%.*s", (int)n, words);
        jout_str(out, NULL, word);
        words += n + (words[n] == ' ');
    }
    jout_end(out);
}

static void write_attr(const struct schema_attr *attr, struct jout *out)
{
    static const char *const types[] = {
        [SCHEMA_STRING] = "string",     [SCHEMA_BOOLEAN] = "boolean",     [SCHEMA_INTEGER] = "integer",
        [SCHEMA_DATETIME] = "dateTime", [SCHEMA_REFERENCE] = "reference", [SCHEMA_BINARY] = "binary",
        [SCHEMA_COMPLEX] = "complex",
    };
    static const char *const mutabilities[] = {[SCHEMA_READ_WRITE] = "readWrite",
                                               [SCHEMA_READ_ONLY] = "readOnly",
                                               [SCHEMA_IMMUTABLE] = "immutable",
                                               [SCHEMA_WRITE_ONLY] = "writeOnly"};
    static const char *const returneds[] = {
        [SCHEMA_DEFAULT] = "default", [SCHEMA_ALWAYS] = "always", [SCHEMA_NEVER] = "never"};
    jout_object(out, NULL);
    jout_str(out, "name", attr->name);
    jout_str(out, "type", types[attr->type]);
    jout_bool(out, "multiValued", attr->multi);
    jout_str(out, "description", attr->text ? attr->text : "");
    jout_bool(out, "required", attr->required);
    if (attr->type != SCHEMA_COMPLEX && attr->type != SCHEMA_BOOLEAN)
        jout_bool(out, "caseExact", attr->case_exact);
    write_words(out, "canonicalValues", attr->canonical);
    write_words(out, "referenceTypes", attr->references);
    jout_str(out, "mutability", mutabilities[attr->mutability]);
    jout_str(out, "returned", returneds[attr->returned]);
    if (attr->type != SCHEMA_COMPLEX)
        jout_str(out, "uniqueness", attr->unique ? "server" : "none");
    if (attr->subs) {
        jout_array(out, "subAttributes");
        for (const struct schema_attr *sub = attr->subs; sub->name; sub++)
            write_attr(sub, out);
        jout_end(out);
    }
    jout_end(out);
}

static void write_schema(struct call *call, const struct schema *schema, struct jout *out)
{
    jout_object(out, NULL);
    write_schemas(out, URN_SCHEMA);
    jout_str(out, "id", schema->urn);
    jout_str(out, "name", schema->name);
    jout_str(out, "description", schema->text);
    jout_array(out, "attributes");
    for (const struct schema_attr *attr = schema->attrs; attr->name; attr++)
        write_attr(attr, out);
    jout_end(out);
    write_meta(call, out, "Schema", "Schemas", schema->urn);
    jout_end(out);
}

static void begin_list(struct jout *out, size_t count)
{
    jout_object(out, NULL);
    write_schemas(out, URN_LIST);
    jout_int(out, "totalResults", (int64_t)count);
    jout_int(out, "startIndex", 1);
    jout_int(out, "itemsPerPage", (int64_t)count);
    jout_array(out, "Resources");
}

static void end_list(struct jout *out)
{
    jout_end(out);
    jout_end(out);
}

static int answer_resource_types(struct call *call, const char *id, struct jout *out)
{
    if (!id) {
        begin_list(out, KINDS);
        write_resource_type(call, PRACTICE_USER, out);
        write_resource_type(call, PRACTICE_GROUP, out);
        end_list(out);
        return 0;
    }
    for (int kind = 0; kind < KINDS; kind++)
        if (strcmp(id, kind_name((enum practice_kind)kind)) == 0) {
            write_resource_type(call, (enum practice_kind)kind, out);
            return 0;
        }
    return refuse(&call->refusal, 404, NULL, "There is no resource type \"%.200s\".", id);
}

static int answer_schemas(struct call *call, const char *id, struct jout *out)
{
    size_t count = 0;
    const struct schema *all = schema_all(&count);
    if (!id) {
        begin_list(out, count);
        for (size_t i = 0; i < count; i++)
            write_schema(call, &all[i], out);
        end_list(out);
        return 0;
    }
    const struct schema *schema = schema_find(id);
    if (!schema)
        return refuse(&call->refusal, 404, NULL, "There is no schema \"%.200s\".", id);
    write_schema(call, schema, out);
    return 0;
}

int discovery_answer(struct call *call)
{
    const char *id = call->path.count > 1 ? call->path.segments[1] : NULL;
    const char *what = call->path.segments[0];
    if (strcmp(call->method, "GET") != 0)
        return call_refuse_method(call, "GET");
    if (url_param(&call->params, "filter"))
        return refuse(&call->refusal, 403, NULL, "%s cannot be filtered (RFC 7644 section 4).", what);
    struct jout out;
    jout_init(&out, &call->ret->body);
    int r = 0;
    bool is_config = strcmp(what, "ResourceTypes") != 0 && strcmp(what, "Schemas") != 0;
    if (call->path.count > 2 || (id && is_config))
        r = refuse(&call->refusal, 404, NULL, "There is nothing below %s/%.200s.", what, id);
    else if (is_config)
        write_config(call, &out);
    else if (strcmp(what, "ResourceTypes") == 0)
        r = answer_resource_types(call, id, &out);
    else
        r = answer_schemas(call, id, &out);
    if (r < 0)
        return r;
    call->ret->status = 200;
    call->ret->content_type = "application/scim+json";
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to ids. What has the shape of an id is taken for one; a name must fit exactly one thing, compared here by its
 * folded form, since a search may find more than was asked for.
 */
#include "cli/cli.h"

#include "base/env.h"
#include "base/text.h"

int resolve_user(struct cli *cli, const char *text, const char **ret_id)
{
    if (id_is_valid(text, "00u")) {
        *ret_id = text;
        return CLI_OK;
    }
    struct answer answer;
    int r = client_try(cli->client, "GET", client_path(cli, "/api/v1/users/%s", text), NULL, &answer);
    if (r == CLI_REFUSED && answer.status == 404)
        return cli_fail(cli, CLI_FAILED, "there is no user %s; `muster user list --search ...` finds people", text);
    if (r)
        return client_complain(cli, r);
    const char *id = jval_get_str(answer.body, "id");
    *ret_id = id ? arena_strdup(cli->arena, id) : text;
    return CLI_OK;
}

struct lookup {
    struct arena *arena;
    const char *path;   /* of the name in an item */
    const char *folded; /* the name that is looked for */
    const char *id;
    size_t count;
};

static int lookup_item(const struct jval *item, void *data)
{
    struct lookup *lookup = data;
    const char *name = jval_str(jval_path(item, lookup->path));
    const char *id = jval_get_str(item, "id");
    if (!name || !id || strcmp(text_fold(lookup->arena, name), lookup->folded) != 0)
        return 0;
    lookup->id = arena_strdup(lookup->arena, id);
    lookup->count++;
    return 0;
}

static int lookup_name(struct cli *cli, const char *what, const char *text, const char *list, const char *path,
                       const char **ret_id)
{
    if (!text_is_utf8(text, strlen(text)))
        return cli_fail(cli, CLI_USAGE, "the name of the %s is not UTF-8", what);
    struct lookup lookup = {.arena = cli->arena, .path = path, .folded = text_fold(cli->arena, text)};
    int r = client_each(cli, list, lookup_item, &lookup);
    if (r)
        return r;
    if (lookup.count == 0)
        return cli_fail(cli, CLI_FAILED, "there is no %s %s; `muster %s list` shows them", what, text, what);
    if (lookup.count > 1)
        return cli_fail(cli, CLI_FAILED, "%zu of them are called %s; give the id: `muster %s list` shows it",
                        lookup.count, text, what);
    *ret_id = lookup.id;
    return CLI_OK;
}

/* The text as a JSON string, which is how filters quote. */
static const char *quoted(struct cli *cli, const char *text)
{
    struct jval *value CLEANUP(jval_freep) = jval_new_str(text);
    return jval_text(cli->arena, value, false);
}

int resolve_group(struct cli *cli, const char *text, const char **ret_id)
{
    if (id_is_valid(text, "00g")) {
        *ret_id = text;
        return CLI_OK;
    }
    if (!text_is_utf8(text, strlen(text)))
        return cli_fail(cli, CLI_USAGE, "the name of the group is not UTF-8");
    const char *search = arena_printf(cli->arena, "type eq \"OKTA_GROUP\" and profile.name eq %s", quoted(cli, text));
    return lookup_name(cli, "group", text, client_path(cli, "/api/v1/groups?search=%s", search), "profile.name",
                       ret_id);
}

int resolve_app(struct cli *cli, const char *text, const char **ret_id)
{
    if (id_is_valid(text, "0oa")) {
        *ret_id = text;
        return CLI_OK;
    }
    return lookup_name(cli, "app", text, client_path(cli, "/api/v1/apps?q=%s&limit=200", text), "label", ret_id);
}

int resolve_rule(struct cli *cli, const char *text, const char **ret_id)
{
    if (id_is_valid(text, "0pr")) {
        *ret_id = text;
        return CLI_OK;
    }
    return lookup_name(cli, "rule", text, client_path(cli, "/api/v1/groups/rules?limit=200&search=%s", text), "name",
                       ret_id);
}

static int first_id(const struct jval *item, void *data)
{
    struct lookup *lookup = data;
    const char *id = jval_get_str(item, "id");
    lookup->id = id ? arena_strdup(lookup->arena, id) : NULL;
    return 1;
}

int resolve_mapping(struct cli *cli, const char *app_id, const char *text, const char **ret_id)
{
    if (id_is_valid(text, "gPm")) {
        *ret_id = text;
        return CLI_OK;
    }
    const char *group = NULL;
    int r = resolve_group(cli, text, &group);
    if (r)
        return r;
    struct lookup lookup = {.arena = cli->arena};
    r = client_each(cli, client_path(cli, "/api/v1/apps/%s/group-push/mappings?sourceGroupId=%s", app_id, group),
                    first_id, &lookup);
    if (r)
        return r;
    if (!lookup.id)
        return cli_fail(cli, CLI_FAILED, "the group %s is not pushed to this app; `muster push list` shows what is",
                        text);
    *ret_id = lookup.id;
    return CLI_OK;
}

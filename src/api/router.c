/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of path segments. A node's children are few, so they are a list. */
#include "api/inner.h"

struct entry {
    const struct route *route;
    struct entry *next;
};

struct node {
    const char *literal; /* NULL for a parameter and for the root */
    struct node *next;   /* sibling */
    struct node *literals;
    struct node *parameter;
    struct entry *routes;
    const char *allow;
};

struct router {
    struct arena *arena;
    struct node *root;
    size_t count;
};

static struct node *literal_child(const struct node *node, const char *segment)
{
    for (struct node *child = node->literals; child; child = child->next) {
        if (str_eq(child->literal, segment))
            return child;
    }
    return NULL;
}

static struct node *make_child(struct router *router, struct node *node, const char *segment)
{
    bool parameter = segment[0] == '{';
    struct node *child = parameter ? node->parameter : literal_child(node, segment);
    if (child)
        return child;
    child = arena_alloc(router->arena, sizeof(*child));
    if (parameter) {
        node->parameter = child;
    } else {
        child->literal = segment;
        child->next = node->literals;
        node->literals = child;
    }
    return child;
}

static const struct route *route_of(const struct node *node, const char *method)
{
    for (const struct entry *entry = node->routes; entry; entry = entry->next) {
        if (str_eq(entry->route->method, method))
            return entry->route;
    }
    return NULL;
}

static int add_route(struct router *router, const struct route *route)
{
    struct node *node = router->root;
    int params = 0;
    int segments = 0;
    for (const char *p = route->path; *p;) {
        assert(*p == '/');
        size_t n = strcspn(p + 1, "/");
        const char *segment = arena_strndup(router->arena, p + 1, n);
        params += segment[0] == '{';
        segments++;
        node = make_child(router, node, segment);
        p += 1 + n;
    }
    if (params > CALL_PARAMS || segments > LIMIT_PATH_SEGMENTS || ++router->count > LIMIT_ROUTES)
        return ERR_TOO_LARGE;
    if (route_of(node, route->method))
        return ERR_EXISTS;
    struct entry *entry = arena_alloc(router->arena, sizeof(*entry));
    entry->route = route;
    struct entry **end = &node->routes;
    while (*end)
        end = &(*end)->next;
    *end = entry;
    const char *and_head = str_eq(route->method, "GET") ? ", HEAD" : "";
    node->allow = node->allow ? arena_printf(router->arena, "%s, %s%s", node->allow, route->method, and_head)
                              : arena_printf(router->arena, "%s%s", route->method, and_head);
    return 0;
}

int router_new(struct router **ret, const struct route *const *tables, char *ret_why, size_t why_size)
{
    struct router *router = NEW(struct router);
    router->arena = arena_new();
    router->root = arena_alloc(router->arena, sizeof(*router->root));
    for (; *tables; tables++) {
        for (const struct route *route = *tables; route->method; route++) {
            int r = add_route(router, route);
            if (r == 0)
                continue;
            if (ret_why)
                (void)snprintf(ret_why, why_size, "the route %s %s: %s", route->method, route->path, err_text(r));
            (void)router_free(router);
            return r;
        }
    }
    *ret = router;
    return 0;
}

struct router *router_free(struct router *router)
{
    if (router) {
        (void)arena_free(router->arena);
        free(router);
    }
    return NULL;
}

static const struct node *walk(const struct node *node, const struct url_path *path, size_t at, size_t params,
                               struct route_match *match)
{
    if (at == path->count)
        return node->routes ? node : NULL;
    const struct node *child = literal_child(node, path->segments[at]);
    const struct node *found = child ? walk(child, path, at + 1, params, match) : NULL;
    if (found || !node->parameter)
        return found;
    match->params[params] = path->segments[at];
    return walk(node->parameter, path, at + 1, params + 1, match);
}

int router_find(const struct router *router, const char *method, const struct url_path *path, struct route_match *ret)
{
    struct route_match match = {0};
    const struct node *node = walk(router->root, path, 0, 0, &match);
    if (!node)
        return ERR_NOT_FOUND;
    match.route = route_of(node, str_eq(method, "HEAD") ? "GET" : method);
    match.allow = node->allow;
    *ret = match;
    return match.route ? 0 : ERR_UNSUPPORTED;
}

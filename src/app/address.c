/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a connection may lead. Whoever may edit an app must not thereby be able to ask the metadata service of the
 * machine that Muster runs on, or other link-local services, in Muster's name.
 */
#include "app/inner.h"

#include "base/text.h"
#include "base/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* Networks never connected to, host byte order. Private networks are allowed: an organisation's own apps live there. */
static const struct {
    uint32_t network;
    uint32_t mask;
    const char *why;
} refused4[] = {
    {0x00000000, 0xff000000, "an address of the kind 0.x.x.x leads nowhere of its own"},
    {0xa9fe0000, 0xffff0000, "link-local addresses (169.254.0.0/16) are the place of metadata services"},
    {0x646464c8, 0xffffffff, "100.100.100.200 is a metadata service"},
    {0xa83f8110, 0xffffffff, "168.63.129.16 is a metadata service"},
    {0xc00000c0, 0xffffffff, "192.0.0.192 is a metadata service"},
    {0xe0000000, 0xf0000000, "multicast addresses are not an app"},
    {0xf0000000, 0xf0000000, "reserved addresses are not an app"},
};

static const char *refused_ipv4(uint32_t address)
{
    for (size_t i = 0; i < ARRAY_LEN(refused4); i++)
        if ((address & refused4[i].mask) == refused4[i].network)
            return refused4[i].why;
    return NULL;
}

static uint32_t four_at(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/*
 * Local-use NAT64 (64:ff9b:1::/48, RFC 8215). How long the prefix is only its network knows: each place where RFC 6052
 * lets the IPv4 address stand is judged, byte 8 being none of it. What begins with 0 or is multicast is a misreading.
 */
static const char *refused_local_nat64(const uint8_t bytes[16])
{
    static const uint8_t prefix[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};
    static const uint8_t places[][4] = {{6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}};
    if (memcmp(bytes, prefix, sizeof(prefix)) != 0)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const uint8_t *at = places[i];
        const uint8_t four[4] = {bytes[at[0]], bytes[at[1]], bytes[at[2]], bytes[at[3]]};
        const char *why = four[0] && four[0] < 0xe0 ? refused_ipv4(four_at(four)) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

/* What an IPv6 address leads to in IPv4: IPv4-mapped (::ffff:0:0/96), IPv4-compatible (::/96, beyond :: and ::1),
 * NAT64 (64:ff9b::/96), 6to4 (2002::/16, RFC 3056). */
static const char *refused_held(const struct in6_addr *address)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    const uint8_t *bytes = address->s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address) || memcmp(bytes, nat64, sizeof(nat64)) == 0)
        return refused_ipv4(four_at(bytes + 12));
    if (bytes[0] == 0x20 && bytes[1] == 0x02)
        return refused_ipv4(four_at(bytes + 2));
    return refused_local_nat64(bytes);
}

static const char *refused_ipv6(const struct in6_addr *address)
{
    static const uint8_t ec2[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return "the address :: leads nowhere of its own";
    if (IN6_IS_ADDR_LINKLOCAL(address))
        return "link-local addresses (fe80::/10) are the place of metadata services";
    if (IN6_IS_ADDR_MULTICAST(address))
        return "multicast addresses are not an app";
    if (memcmp(address->s6_addr, ec2, sizeof(ec2)) == 0)
        return "fd00:ec2::254 is a metadata service";
    return refused_held(address);
}

const char *connection_address_refused(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return refused_ipv4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return refused_ipv6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    return "only IPv4 and IPv6 addresses are connected to";
}

static bool is_loopback_ipv6(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

bool connection_address_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 &&
           is_loopback_ipv6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* What a base URL's host is. */
struct host {
    const char *refused; /* why it is never connected to, or NULL */
    bool loopback;
};

static struct host judge_name(const char *name)
{
    static const char *const metadata[] = {"metadata.google.internal", "metadata.goog", "metadata", "instance-data"};
    size_t n = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(metadata); i++)
        if (strcmp(name, metadata[i]) == 0)
            return (struct host){.refused = "this is the name of a metadata service"};
    bool below = n > 10 && strcmp(name + n - 10, ".localhost") == 0;
    return (struct host){.loopback = below || strcmp(name, "localhost") == 0};
}

static struct host judge_host(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    if (n > 1 && text[n - 1] == '.') /* "localhost." is localhost */
        n--;
    const char *host = arena_strndup(arena, text, n);
    struct in6_addr six;
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return (struct host){.refused = refused_ipv6(&six), .loopback = is_loopback_ipv6(&six)};
    }
    if (strpbrk(host, ":%"))
        return (struct host){.refused = "it is no address (zones are not supported)"};
    struct in_addr four;
    if (inet_aton(host, &four)) { /* also 2852039166, 0xa9.254.1 and 0251.0376.1.1, as clients read them */
        uint32_t address = ntohl(four.s_addr);
        return (struct host){.refused = refused_ipv4(address), .loopback = address >> 24 == 127};
    }
    return judge_name(host);
}

/* A URL that is given in `field`. `query`: it may have one. */
static int url_check(const char *field, const char *example, const char *text, bool query, bool allow_plain_http,
                     struct problem *problem)
{
    if (!text || !*text)
        return problem_invalid(problem, field, "%s: The field cannot be left blank", field);
    if (strlen(text) > APP_BASE_URL_BYTES)
        return problem_invalid(problem, field, "%s: longer than %d bytes; shorten it", field, APP_BASE_URL_BYTES);
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct url_target url;
    if (text_has_control(text) || strchr(text, ' ') || strchr(text, '\\') || url_parse(arena, text, &url) < 0)
        return problem_invalid(problem, field, "%s: must be like %s, without user name, password and fragment", field,
                               example);
    if (!query && (url.query || strchr(text, '?')))
        return problem_invalid(problem, field, "%s: must not have a query (the part from '?'); leave it out", field);
    struct host host = judge_host(arena, url.host);
    if (host.refused)
        return problem_invalid(problem, field, "%s: '%.200s' is refused: %s", field, url.host, host.refused);
    if (strcmp(url.scheme, "http") == 0 && !host.loopback && !allow_plain_http)
        return problem_invalid(problem, field,
                               "%s: plain http would show the credential to the network; use https, or set "
                               "profile.allowPlainHttp to true",
                               field);
    return 0;
}

int connection_url_check(const char *base_url, bool allow_plain_http, struct problem *problem)
{
    return url_check("baseUrl", "https://app.example.com/scim/v2", base_url, false, allow_plain_http, problem);
}

int hook_url_check(const char *uri, bool allow_plain_http, struct problem *problem)
{
    return url_check("channel.config.uri", "https://hooks.example.com/muster", uri, true, allow_plain_http, problem);
}

int token_url_check(const char *token_url, bool allow_plain_http, struct problem *problem)
{
    return url_check("profile.tokenUrl", "https://login.example.com/oauth2/token", token_url, true, allow_plain_http,
                     problem);
}

/* The proxy itself is judged like an app: it must not be a metadata service either. */
bool proxy_url_is_valid(const char *text)
{
    struct arena *arena CLEANUP(arena_freep) = arena_new();
    struct url_target url;
    if (strlen(text) > APP_BASE_URL_BYTES || text_has_control(text) || strpbrk(text, " \\?@") ||
        url_parse(arena, text, &url) < 0)
        return false;
    return strcmp(url.path, "/") == 0 && !url.query && !judge_host(arena, url.host).refused;
}

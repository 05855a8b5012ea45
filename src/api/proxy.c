/* SPDX-License-Identifier: Apache-2.0 */
/* Which peers are proxies of ours, and what may be believed of what they forward. */
#include "api/inner.h"

#include <arpa/inet.h>

static bool read_address(const char *text, unsigned char ret_address[static 16], bool *ret_v4)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct in_addr v4;
    struct in6_addr v6;
    *ret_v4 = inet_pton(AF_INET, text, &v4) == 1;
    if (*ret_v4) {
        memcpy(ret_address, mapped, sizeof(mapped));
        memcpy(ret_address + 12, &v4, 4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    memcpy(ret_address, &v6, 16);
    return true;
}

static bool read_network(char *text, unsigned char ret_address[static 16], int *ret_bits)
{
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    bool v4;
    if (!read_address(text, ret_address, &v4))
        return false;
    int most = v4 ? 32 : 128;
    long bits = most;
    if (slash) {
        char *end;
        bits = strtol(slash, &end, 10);
        if (end == slash || *end != '\0' || *slash < '0' || *slash > '9' || bits > most)
            return false;
    }
    *ret_bits = (int)bits + (v4 ? 96 : 0);
    return true;
}

/* All of IPv6, or all of IPv4 (which is ::ffff:0:0/96). */
static bool is_everybody(const unsigned char *address, int bits)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    return bits == 0 || (bits == 96 && memcmp(address, mapped, sizeof(mapped)) == 0);
}

int proxies_parse(struct proxies *ret, const char *text, char *ret_why, size_t why_size)
{
    struct proxies proxies = {0};
    for (const char *p = text ? text : ""; *(p += strspn(p, ", \t")) != '\0';) {
        size_t n = strcspn(p, ", \t");
        char item[64];
        bool ok = n < sizeof(item) && proxies.count < LIMIT_PROXIES;
        if (ok) {
            memcpy(item, p, n);
            item[n] = '\0';
            ok = read_network(item, proxies.items[proxies.count].address, &proxies.items[proxies.count].bits);
        }
        if (!ok) {
            if (ret_why)
                (void)snprintf(ret_why, why_size,
                               "\"%.*s\" is not a network: write up to %d like 10.0.0.0/8, 192.0.2.7 or fd00::/8, "
                               "separated by commas",
                               (int)MIN_OF(n, (size_t)80), p, LIMIT_PROXIES);
            return ERR_SYNTAX;
        }
        if (is_everybody(proxies.items[proxies.count].address, proxies.items[proxies.count].bits)) {
            if (ret_why)
                (void)snprintf(ret_why, why_size,
                               "\"%.*s\" is every address, so that any client could say who it is: name the network of "
                               "the proxy, like 10.0.0.0/8",
                               (int)n, p);
            return ERR_SYNTAX;
        }
        proxies.count++;
        p += n;
    }
    *ret = proxies;
    return 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8;
    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return bits % 8 == 0 || (a[whole] ^ b[whole]) >> (8 - bits % 8) == 0;
}

bool proxies_contain(const struct proxies *proxies, const char *address)
{
    unsigned char bytes[16];
    bool v4;
    if (!address || !read_address(address, bytes, &v4))
        return false;
    for (size_t i = 0; i < proxies->count; i++) {
        if (same_bits(bytes, proxies->items[i].address, proxies->items[i].bits))
            return true;
    }
    return false;
}

const char *proxies_client(const struct proxies *proxies, struct arena *arena, const char *peer, const char *forwarded)
{
    if (!forwarded || !proxies_contain(proxies, peer))
        return peer;
    const char *client = peer;
    const char *end = forwarded + strlen(forwarded);
    while (end > forwarded) {
        const char *start = end;
        while (start > forwarded && start[-1] != ',')
            start--;
        const char *item = start + strspn(start, " \t");
        size_t n = item < end ? strcspn(item, ", \t") : 0;
        const char *address = arena_strndup(arena, item, n);
        unsigned char bytes[16];
        bool v4;
        if (!read_address(address, bytes, &v4))
            break;
        client = address;
        if (!proxies_contain(proxies, address))
            break;
        end = start > forwarded ? start - 1 : forwarded;
    }
    return client;
}

bool host_is_plain(const char *host)
{
    if (!host || !*host || strlen(host) > 255)
        return false;
    return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == strlen(host);
}

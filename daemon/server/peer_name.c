#include "server/server_internal.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* An IPv4 address, also where it comes as an IPv6 one, stands as ::ffff:a.b.c.d; of an IPv6 address counts
 * the network, in which its owner may have as many as he likes. */
static bool name_tcp(const struct sockaddr_storage *address, struct peer_name *ret_name)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        memcpy(ret_name->bytes, mapped, sizeof(mapped));
        memcpy(ret_name->bytes + sizeof(mapped), &in->sin_addr, sizeof(in->sin_addr));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        const bool whole = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) || IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
        memcpy(ret_name->bytes, &in6->sin6_addr, whole ? PEER_NAME_BYTES : PEER_NAME_BYTES / 2);
    } else {
        return false;
    }
    const bool is_mapped = memcmp(ret_name->bytes, mapped, sizeof(mapped)) == 0;
    static const uint8_t loopback[PEER_NAME_BYTES] = {[PEER_NAME_BYTES - 1] = 1};
    ret_name->local = is_mapped ? ret_name->bytes[sizeof(mapped)] == 127
                                : memcmp(ret_name->bytes, loopback, sizeof(loopback)) == 0;
    return true;
}

bool peer_name_of(const struct peer *peer, struct peer_name *ret_name)
{
    *ret_name = (struct peer_name){0};
    if (peer->kind != PEER_UNIX) {
        struct sockaddr_storage address = {0};
        int size = sizeof(address);
        return uv_tcp_getpeername(&peer->handle.tcp, (struct sockaddr *)&address, &size) == 0 &&
               name_tcp(&address, ret_name);
    }
    uv_os_fd_t file;
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    if (uv_fileno(&peer->handle.handle, &file) != 0 ||
        getsockopt(file, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return false;
    }
    memcpy(ret_name->bytes, &credentials.uid, sizeof(credentials.uid));
    ret_name->bytes[PEER_NAME_BYTES - 1] =
        0xff; /* no address looks so: the network of an IPv6 one ends in zeros */
    ret_name->local = true;
    return true;
}

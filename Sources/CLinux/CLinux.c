#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLinux.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

static socklen_t to_sockaddr(struct apus_address address, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (address.is_ipv4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(address.port);
        in->sin_addr.s_addr = htonl((uint32_t)address.low);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address.port);
    uint64_t high = __builtin_bswap64(address.high), low = __builtin_bswap64(address.low);
    memcpy(in6->sin6_addr.s6_addr, &high, 8);
    memcpy(in6->sin6_addr.s6_addr + 8, &low, 8);
    return sizeof *in6;
}

static void from_sockaddr(const struct sockaddr_storage *from, struct apus_address *out) {
    memset(out, 0, sizeof *out);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        out->is_ipv4 = 1;
        out->low = ntohl(in->sin_addr.s_addr);
        out->port = ntohs(in->sin_port);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        uint64_t high, low;
        memcpy(&high, in6->sin6_addr.s6_addr, 8);
        memcpy(&low, in6->sin6_addr.s6_addr + 8, 8);
        out->high = __builtin_bswap64(high);
        out->low = __builtin_bswap64(low);
        out->port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            out->is_ipv4 = 1;
            out->high = 0;
            out->low &= 0xffffffffu;
        }
    }
}

uint64_t apus_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t apus_wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static void set_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

int apus_listen(struct apus_address address, int shared, int backlog) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (shared) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
    if (!address.is_ipv4) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (bind(fd, (struct sockaddr *)&storage, length) != 0 || listen(fd, backlog) != 0) {
        int failure = -errno;
        close(fd);
        return failure;
    }
    return fd;
}

int apus_bound_port(int fd) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0) return -errno;
    struct apus_address address;
    from_sockaddr(&storage, &address);
    return address.port;
}

int apus_accept(int fd, struct apus_address *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int accepted = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return -errno;
    from_sockaddr(&storage, peer);
    return accepted;
}

int apus_connect(struct apus_address address) {
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(address, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (connect(fd, (struct sockaddr *)&storage, length) != 0 && errno != EINPROGRESS) {
        int failure = -errno;
        close(fd);
        return failure;
    }
    return fd;
}

int apus_socket_error(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) != 0) return errno;
    return value;
}

void apus_reset_on_close(int fd) {
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

int apus_eventfd(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void apus_eventfd_signal(int fd) {
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void apus_eventfd_clear(int fd) {
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
}

void *apus_reserve(unsigned long bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void apus_release(void *memory, unsigned long bytes) { munmap(memory, bytes); }

int apus_pin_thread(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void apus_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

void apus_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

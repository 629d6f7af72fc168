// What Swift cannot import from Linux's headers, or cannot call at the cost that the data plane wants.
// One reason per declaration; no logic that could live in Swift.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// EPOLL* are enum constants or macros with casts that the Swift importer drops: plain integers instead.
static const uint32_t apus_epollin = EPOLLIN;
static const uint32_t apus_epollout = EPOLLOUT;
static const uint32_t apus_epollrdhup = EPOLLRDHUP;
static const uint32_t apus_epollhup = EPOLLHUP;
static const uint32_t apus_epollerr = EPOLLERR;
static const uint32_t apus_epollet = EPOLLET;

// An IP address as two 64-bit words, for IPv4 the address in the low 32 bits of `low` (sockaddr unions do not import).
struct apus_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_ipv4;
};

// The system calls of the hot path without the PLT, errno and cancellation bookkeeping of glibc's wrappers (3 % of
// the samples). They return the result or -errno.
static inline long apus_syscall6(long n, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
    long result = syscall(n, a, b, c, d, e, f);
    return result < 0 ? -errno : result;
#endif
}

static inline long apus_recv(int fd, void *bytes, unsigned long count, int flags) {
    return apus_syscall6(SYS_recvfrom, fd, (long)bytes, (long)count, flags, 0, 0);
}
static inline long apus_send(int fd, const void *bytes, unsigned long count, int flags) {
    return apus_syscall6(SYS_sendto, fd, (long)bytes, (long)count, MSG_NOSIGNAL | flags, 0, 0);
}
// Two buffers in one message.
static inline long apus_send2(int fd, const void *a, unsigned long na, const void *b, unsigned long nb, int flags) {
    struct iovec parts[2] = {{(void *)a, na}, {(void *)b, nb}};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return apus_syscall6(SYS_sendmsg, fd, (long)&message, MSG_NOSIGNAL | flags, 0, 0, 0);
}
static inline long apus_epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds) {
    return apus_syscall6(SYS_epoll_pwait, epoll, (long)events, count, milliseconds, 0, 8);
}
// epoll_data is a union of packed layout.
static inline int apus_epoll_add(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = data;
    return (int)apus_syscall6(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, (long)&event, 0, 0);
}
static inline int apus_epoll_remove(int epoll, int fd) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    return (int)apus_syscall6(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, (long)&event, 0, 0);
}
static inline uint64_t apus_epoll_data(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t apus_epoll_events(const struct epoll_event *event) { return event->events; }
static inline int apus_close(int fd) { return (int)apus_syscall6(SYS_close, fd, 0, 0, 0, 0, 0); }
static inline int apus_shutdown(int fd, int how) { return (int)apus_syscall6(SYS_shutdown, fd, how, 0, 0, 0, 0); }
uint64_t apus_monotonic_nanoseconds(void);
int64_t apus_wall_seconds(void);

// A listening TCP socket (SO_REUSEADDR; SO_REUSEPORT where shared; TCP_NODELAY, which accepted sockets inherit;
// TCP_DEFER_ACCEPT for a second, so that the request is there with the connection); fd or -errno.
int apus_listen(struct apus_address address, int shared, int backlog);
// The port that a socket is bound to, or -errno.
int apus_bound_port(int fd);
// accept4(SOCK_NONBLOCK | SOCK_CLOEXEC): fd or -errno; IPv4-mapped peers are told as IPv4.
int apus_accept(int fd, struct apus_address *peer);
// A non-blocking socket with a connect begun: fd or -errno (never -EINPROGRESS).
int apus_connect(struct apus_address address);
// SO_ERROR of a socket.
int apus_socket_error(int fd);
// An RST instead of a FIN when the socket is closed.
void apus_reset_on_close(int fd);
// An eventfd, non-blocking; or -errno.
int apus_eventfd(void);
void apus_eventfd_signal(int fd);
void apus_eventfd_clear(int fd);
// Zeroed, lazily backed memory for `bytes` bytes, or NULL.
void *apus_reserve(unsigned long bytes);
void apus_release(void *memory, unsigned long bytes);
// Binds the calling thread to a CPU; 0 or an errno value.
int apus_pin_thread(int cpu);
// Names the calling thread (15 characters) for ps and perf.
void apus_name_thread(const char *name);
// Blocks every signal in the calling thread: they belong to the control plane.
void apus_block_signals(void);

// Loaded before a program that runs under valgrind. Valgrind (seen: 3.19) writes into the mask that the program hands to
// sigsuspend; Swift's libdispatch hands one in read-only memory, and valgrind crashes. Here it gets a copy.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
}

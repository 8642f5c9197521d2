#define _GNU_SOURCE
#include "CPseudoterminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

pid_t dcar_start_in_terminal(char *const words[], char *const variables[], const char *folder,
                             int columns, int rows, int pixel_width, int pixel_height,
                             int *master, int *slave, struct termios *modes) {
    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0) return -1;
    char name[64];
    struct winsize size = {(unsigned short)rows, (unsigned short)columns,
                           (unsigned short)pixel_width, (unsigned short)pixel_height};
    pid_t process = -1;
    if (grantpt(*master) == 0 && unlockpt(*master) == 0 &&
        ptsname_r(*master, name, sizeof name) == 0 &&
        (*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0 &&
        ioctl(*master, TIOCSWINSZ, &size) == 0 && tcgetattr(*slave, modes) == 0)
        process = fork();
    if (process == 0) {
        /* Only calls that are allowed between fork and exec. */
        for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (setsid() < 0 || ioctl(*slave, TIOCSCTTY, 0) != 0) _exit(126);
        for (int standard = 0; standard < 3; standard++)
            if (dup2(*slave, standard) < 0) _exit(126);
        if (chdir(folder) == 0) execve(words[0], words, variables);
        _exit(127);
    }
    if (process < 0) {
        int problem = errno;
        if (*slave >= 0) close(*slave);
        close(*master);
        errno = problem;
        return -1;
    }
    fcntl(*master, F_SETFL, O_NONBLOCK);
    return process;
}

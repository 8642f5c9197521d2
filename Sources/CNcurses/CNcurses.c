#define _XOPEN_SOURCE_EXTENDED 1
#define _GNU_SOURCE 1
#define NCURSES_WIDECHAR 1
#include "CNcurses.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved_modes;
static volatile sig_atomic_t is_raw = 0;
static unsigned char leave_bytes[64 * 1024];
static size_t leave_length = 0;
static int signal_pipe[2] = {-1, -1};

/* What ends the program unless it is handled, but for those of `news_signals`. */
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT, SIGSYS,
                                    SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
#ifdef __linux__
                                    SIGPWR, SIGSTKFLT,
#endif
};
static const int news_signals[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT};
enum { FATAL_COUNT = sizeof fatal_signals / sizeof *fatal_signals };
enum { NEWS_COUNT = sizeof news_signals / sizeof *news_signals };

/* How often, and for how many milliseconds at a time, a terminal that takes no bytes is waited for. */
enum { LEAVE_TRIES = 10, LEAVE_WAIT = 50 };

/* Only calls that POSIX allows in a signal handler. */
static void restore(void) {
    if (!is_raw) return;
    is_raw = 0;
    size_t done = 0;
    int tries = 0;
    while (done < leave_length) {
        /* A terminal that takes nothing must not hold the program. */
        struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};
        if (poll(&output, 1, LEAVE_WAIT) == 0 && tries++ < LEAVE_TRIES) continue;
        if (tries > LEAVE_TRIES) break;
        ssize_t count = write(STDOUT_FILENO, leave_bytes + done, leave_length - done);
        if (count > 0) {
            done += (size_t)count;
        } else if (count == 0 || (errno != EINTR && errno != EAGAIN) || tries++ >= LEAVE_TRIES) {
            break;
        }
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &saved_modes);
}

static void on_fatal(int number) {
    restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_news(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    if (write(signal_pipe[1], &byte, 1) < 0) { /* A full pipe already says enough. */ }
    errno = before;
}

static void install(int number, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* Whoever started the program may want it to outlive a signal. */
static void install_fatal(int number) {
    struct sigaction before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN) return;
    install(number, on_fatal, SA_ONSTACK | SA_RESETHAND);
}

static void make_raw(void) {
    struct termios modes = saved_modes;
    modes.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    modes.c_cflag = (modes.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    modes.c_cc[VMIN] = 0;
    modes.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    is_raw = 1;
}

int dcar_terminal_leave_by(const unsigned char *leave, size_t length) {
    if (length > sizeof leave_bytes) return EINVAL;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    memcpy(leave_bytes, leave, length);
    leave_length = length;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 0;
}

int dcar_terminal_enter(const unsigned char *leave, size_t length) {
    if (tcgetattr(STDIN_FILENO, &saved_modes) != 0) return errno;
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
    int problem = dcar_terminal_leave_by(leave, length);
    if (problem != 0) return problem;
    make_raw();
    /* A stack overflow leaves no stack to handle it on. */
    static stack_t stack;
    stack.ss_size = 64 * 1024;
    stack.ss_sp = malloc(stack.ss_size);
    if (stack.ss_sp) sigaltstack(&stack, NULL);
    for (int i = 0; i < FATAL_COUNT; i++) install_fatal(fatal_signals[i]);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++) install_fatal(number);
#endif
    for (int i = 0; i < NEWS_COUNT; i++) install(news_signals[i], on_news, SA_RESTART | SA_ONSTACK);
    signal(SIGPIPE, SIG_IGN);
    atexit(restore);
#if defined(__linux__)
    at_quick_exit(restore);
#endif
    return 0;
}

void dcar_terminal_reenter(void) { make_raw(); }
void dcar_terminal_leave(void) { restore(); }
int dcar_signal_pipe(void) { return signal_pipe[0]; }

/* Not SIGSTOP, which also stops a process whose shell is gone, so that nobody could start it again. */
void dcar_stop_process(void) {
    struct sigaction usual, before;
    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &usual, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
}

/* A terminal without echo, whose answers are still to come. */

static struct termios loud_modes;
static volatile sig_atomic_t quiet_terminal = -1;
static const int quiet_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE};
enum { QUIET_COUNT = sizeof quiet_signals / sizeof *quiet_signals };
static struct sigaction before_quiet[QUIET_COUNT];

static void on_quiet(int number) {
    if (quiet_terminal >= 0) tcsetattr(quiet_terminal, TCSANOW, &loud_modes);
    quiet_terminal = -1;
    signal(number, SIG_DFL);
    raise(number);
}

int dcar_quiet_begin(int terminal) {
    if (tcgetattr(terminal, &loud_modes) != 0) return errno;
    quiet_terminal = terminal;
    for (int i = 0; i < QUIET_COUNT; i++) {
        sigaction(quiet_signals[i], NULL, &before_quiet[i]);
        if (before_quiet[i].sa_handler == SIG_DFL) install(quiet_signals[i], on_quiet, SA_RESTART);
    }
    struct termios modes = loud_modes;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 0;
    modes.c_cc[VTIME] = 0;
    if (tcsetattr(terminal, TCSADRAIN, &modes) == 0) return 0;
    int problem = errno;
    dcar_quiet_end();
    return problem;
}

void dcar_quiet_end(void) {
    if (quiet_terminal >= 0) tcsetattr(quiet_terminal, TCSANOW, &loud_modes);
    quiet_terminal = -1;
    for (int i = 0; i < QUIET_COUNT; i++) sigaction(quiet_signals[i], &before_quiet[i], NULL);
}

int dcar_use_locale(int wants_utf8) {
    if (!setlocale(LC_ALL, "") && !setlocale(LC_CTYPE, "") && wants_utf8) {
        if (!setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "en_US.UTF-8");
    }
    return dcar_locale_is_utf8();
}

int dcar_locale_is_utf8(void) { return strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

int dcar_run_in_terminal(const char *script, const char *argument) {
    char *const words[] = {"sh", "-c", (char *)script, "sh", (char *)argument, NULL};
    pid_t child;
    if (posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ) != 0) return 127;
    int status = 0;
    while (waitpid(child, &status, WUNTRACED) >= 0 || errno == EINTR) {
        if (WIFEXITED(status)) break;
        if (WIFSIGNALED(status)) break;
        if (WIFSTOPPED(status)) {
            /* The shell that started us must get its turn, too. */
            dcar_stop_process();
            kill(child, SIGCONT);
            status = 0;
        }
    }
    /* Ctrl-C and Ctrl-Z were meant for the child alone. */
    unsigned char numbers[64];
    ssize_t count;
    int last = 0;
    while ((count = read(signal_pipe[0], numbers, sizeof numbers)) > 0)
        for (ssize_t i = 0; i < count; i++)
            if (numbers[i] == SIGTERM || numbers[i] == SIGHUP) last = numbers[i];
    /* Only now, as its handler writes into the pipe again. */
    if (last) raise(last);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int dcar_window_size(int *columns, int *rows, int *pixel_width, int *pixel_height) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return 0;
    *columns = size.ws_col < DCAR_MOST_COLUMNS ? size.ws_col : DCAR_MOST_COLUMNS;
    *rows = size.ws_row < DCAR_MOST_ROWS ? size.ws_row : DCAR_MOST_ROWS;
    *pixel_width = size.ws_xpixel;
    *pixel_height = size.ws_ypixel;
    return 1;
}

/* Cells. Curses writes into a file in memory: it neither waits for the terminal nor touches its
   modes, and its bytes go out together with the pixels. */

static SCREEN *screen = NULL;
static FILE *drawing = NULL;
static unsigned char *drawn = NULL;
static size_t drawn_room = 0;
static int has_palette = 0;

int dcar_screen_start(const char *type) {
    if (screen) return 0;
    int file = memfd_create("screen", MFD_CLOEXEC);
    if (file < 0) return -1;
    drawing = fdopen(file, "r+");
    if (!drawing) {
        close(file);
        return -1;
    }
    screen = newterm(type, drawing, stdin);
    if (!screen && type) screen = newterm(NULL, drawing, stdin);
    if (!screen) {
        fclose(drawing);
        return -1;
    }
    /* An update is never cut short because keys wait. */
    typeahead(-1);
    nonl();
    idlok(stdscr, FALSE);
    idcok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    has_palette = has_colors() && start_color() == OK;
    if (has_palette) use_default_colors();
    return 0;
}

/* What curses has written since the last call. */
static const unsigned char *take_drawing(size_t *length) {
    *length = 0;
    fflush(drawing);
    int file = fileno(drawing);
    off_t size = lseek(file, 0, SEEK_END);
    if (size <= 0) return drawn;
    if ((size_t)size > drawn_room) {
        unsigned char *larger = realloc(drawn, (size_t)size);
        if (!larger) return drawn;
        drawn = larger;
        drawn_room = (size_t)size;
    }
    ssize_t count = pread(file, drawn, (size_t)size, 0);
    if (count > 0) *length = (size_t)count;
    if (ftruncate(file, 0) != 0) *length = 0;
    lseek(file, 0, SEEK_SET);
    return drawn;
}

const unsigned char *dcar_screen_end(size_t *length) {
    *length = 0;
    if (!screen) return drawn;
    endwin();
    const unsigned char *bytes = take_drawing(length);
    delscreen(screen);
    fclose(drawing);
    screen = NULL;
    drawing = NULL;
    return bytes;
}

int dcar_screen_colors(void) { return !screen ? -1 : has_palette ? COLORS : 0; }

void dcar_screen_resize(int columns, int rows) { resizeterm(rows, columns); }

void dcar_screen_put(int column, int row, const wchar_t *text, int foreground, int background,
                     unsigned attributes) {
    attr_t attr = A_NORMAL;
    if (attributes & DCAR_BOLD) attr |= A_BOLD;
    if (attributes & DCAR_DIM) attr |= A_DIM;
    if (attributes & DCAR_UNDERLINE) attr |= A_UNDERLINE;
    if (attributes & DCAR_REVERSE) attr |= A_REVERSE;
    int pair = 0;
    if (has_palette && (foreground >= 0 || background >= 0)) {
        /* Eight colours: the bright ones are the same in bold. */
        if (foreground >= COLORS && foreground >= 8 && foreground < 16) {
            foreground -= 8;
            attr |= A_BOLD;
        }
        if (foreground >= COLORS) foreground = -1;
        if (background >= COLORS) background = -1;
        pair = alloc_pair(foreground, background);
        if (pair < 0) pair = 0;
    }
    cchar_t cell;
    if (setcchar(&cell, text, attr, 0, &pair) == OK) mvadd_wch(row, column, &cell);
}

void dcar_screen_cursor(int column, int row) {
    if (column < 0) {
        curs_set(0);
        move(0, 0);
    } else {
        curs_set(1);
        move(row, column);
    }
}

void dcar_screen_touch(int column, int row, int columns, int rows) {
    WINDOW *part = derwin(stdscr, rows, columns, row, column);
    if (!part) return;
    wredrawln(part, 0, rows);
    delwin(part);
    touchline(stdscr, row, rows);
}
void dcar_screen_touch_all(void) { clearok(curscr, TRUE); }

const unsigned char *dcar_screen_update(size_t *length) {
    wnoutrefresh(stdscr);
    doupdate();
    return take_drawing(length);
}

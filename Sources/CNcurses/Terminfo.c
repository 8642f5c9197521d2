#include "CNcurses.h"

#include <curses.h>
/* Apart from the rest: its macros have names such as `columns` and `lines`. */
#include <term.h>
#include <unistd.h>

int dcar_terminal_is_known(void) {
    int problem = 0;
    if (setupterm(NULL, STDOUT_FILENO, &problem) != OK) return 0;
    del_curterm(cur_term);
    return 1;
}

int dcar_terminfo_colors(const char *type) {
    int problem = 0;
    TERMINAL *before = cur_term;
    if (setupterm(type, STDOUT_FILENO, &problem) != OK) return -1;
    int count = tigetnum("colors");
    del_curterm(cur_term);
    set_curterm(before);
    return count;
}

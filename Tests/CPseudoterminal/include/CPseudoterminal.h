#pragma once
#include <sys/types.h>
#include <termios.h>

/* Starts a program as the leader of a new session with a terminal of its own. `words` and
   `variables` end with NULL. Returns its process, or -1 with errno set; `master` is our end, `slave`
   a second one of the program's, which outlives it; `modes` are those that the program finds. */
pid_t dcar_start_in_terminal(char *const words[], char *const variables[], const char *folder,
                             int columns, int rows, int pixel_width, int pixel_height,
                             int *master, int *slave, struct termios *modes);

#pragma once
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* The terminal's modes. */

/* Saves the terminal's modes, enters raw mode, and sees to it that a crash restores them: `leave`
   is written and the modes are set back inside the signal handler. Returns 0 or an errno. */
int dcar_terminal_enter(const unsigned char *leave, size_t length);
/* Changes what is written at the end. Returns 0 or an errno. */
int dcar_terminal_leave_by(const unsigned char *leave, size_t length);
/* Raw mode again after `dcar_terminal_leave`. */
void dcar_terminal_reenter(void);
/* Sets back the modes and writes `leave`. May be called more than once. */
void dcar_terminal_leave(void);
/* Reads one byte a signal: its number. -1 before `dcar_terminal_enter`. */
int dcar_signal_pipe(void);
/* Stops this process as SIGTSTP does by default, and returns when it goes on: at once where no shell
   is there to start it again. */
void dcar_stop_process(void);
/* Runs a line of sh, whose $1 is the argument, in the terminal's foreground until it ends, and
   returns its status. Foundation's Process would put it into the background, where reading from
   the terminal stops it. */
int dcar_run_in_terminal(const char *script, const char *argument);
/* Turns echo and lines off where answers of the terminal are to come, until `dcar_quiet_end` or a
   signal that ends or stops the program. Returns 0 or an errno. */
int dcar_quiet_begin(int terminal);
void dcar_quiet_end(void);

/* Takes over the locale that the environment names; where that is not installed and should be one of
   UTF-8, C.UTF-8 or else en_US.UTF-8. Returns `dcar_locale_is_utf8`. */
int dcar_use_locale(int wants_utf8);
/* 1 where the characters of the locale in use are UTF-8. */
int dcar_locale_is_utf8(void);

/* What larger windows are drawn as. */
enum { DCAR_MOST_COLUMNS = 1000, DCAR_MOST_ROWS = 1000 };

/* 1 and the sizes where the terminal tells them. */
int dcar_window_size(int *columns, int *rows, int *pixel_width, int *pixel_height);

/* 1 where terminfo knows TERM. Writes nothing. */
int dcar_terminal_is_known(void);
/* The colours that terminfo gives a terminal of this name; less than 0 where it knows none. */
int dcar_terminfo_colors(const char *type);

/* Cells, through ncurses. Colours are palette entries, -1 is the terminal's own. */

enum { DCAR_BOLD = 1, DCAR_DIM = 2, DCAR_UNDERLINE = 4, DCAR_REVERSE = 8 };

/* `type` is a terminfo name to try before TERM's, or NULL. Returns 0, or -1 for a terminal that
   ncurses does not know. */
int dcar_screen_start(const char *type);
/* Gives back the bytes that put the terminal's own screen back; they last until the next call. */
const unsigned char *dcar_screen_end(size_t *length);
/* The colours that cells may have; -1 before the start. */
int dcar_screen_colors(void);
void dcar_screen_resize(int columns, int rows);
void dcar_screen_put(int column, int row, const wchar_t *text, int foreground, int background,
                     unsigned attributes);
/* Column -1 hides the cursor. */
void dcar_screen_cursor(int column, int row);
/* Sends these cells again even if nothing changed. */
void dcar_screen_touch(int column, int row, int columns, int rows);
void dcar_screen_touch_all(void);
/* The bytes that make the screen as the cells are; they last until the next call. */
const unsigned char *dcar_screen_update(size_t *length);

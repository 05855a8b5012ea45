/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <time.h>
#include <unistd.h>

#define BAR_CELLS 30
#define LINES_AFTER_MS 2000 /* what is done sooner needs no lines */

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, const struct cli *cli, const char *what)
{
    *progress = (struct progress){
        .what = what, .silent = cli->json, .bar = isatty(STDERR_FILENO) == 1, .started = now_ms(), .shown = -1};
}

static void draw_bar(struct progress *progress, int permille)
{
    char bar[BAR_CELLS + 1];
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i * 1000 < permille * BAR_CELLS ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    (void)fprintf(stderr, "\r[%s] %3d%% %s", bar, permille / 10, progress->what);
}

void progress_set(struct progress *progress, int64_t done, int64_t total)
{
    if (progress->silent)
        return;
    int permille = total > 0 ? (int)(MIN_OF(done, total) * 1000 / total) : 1000;
    int step = progress->bar ? permille : permille / 100;
    if (step == progress->shown || (!progress->bar && now_ms() - progress->started < LINES_AFTER_MS))
        return;
    progress->shown = step;
    if (progress->bar)
        draw_bar(progress, permille);
    else
        (void)fprintf(stderr, "%s: %d%%\n", progress->what, permille / 10);
    (void)fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->bar && !progress->silent && progress->shown >= 0)
        (void)fputs("\r\033[K", stderr);
    progress->shown = progress->bar ? -1 : progress->shown;
}

/* The load of the benchmark: HTTP/1.1 over kept-alive connections, as fast as answers come or at a steady rate.

   load HOST PORT CONNECTIONS SECONDS RATE FIRST TEMPLATE BEARERS RESULTS

   RATE 0: every connection sends its next request as soon as it has its answer. Otherwise RATE requests a second fall
   due, on whichever connection is free, and each one's time counts from when it was due: a server that stalls can't hide
   it by slowing us down. TEMPLATE is one request with bytes 1..4 for what changes: 1 the request's number (10 digits,
   from FIRST on), 2 a customer (its number modulo 1000, 4 digits), 3 a shop (modulo 1000, 5 digits), 4 the next line
   of BEARERS. RESULTS gets four 32-bit numbers for each answer: number, status, microseconds, and milliseconds from the
   start. Status 0: the connection broke. Read next: load.py. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM 16384
#define DRAIN_SECONDS 30

typedef struct {
    uint32_t number;
    int64_t began;
    size_t got;
    char answer[ROOM];
} Connection;

static struct sockaddr_in address;
static char *template, *bearers, *bearer;
static size_t template_size;
static Connection *connections;
static struct pollfd *sockets;
static FILE *results;
static int64_t start;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static char *read_file(const char *name, size_t *size) {
    FILE *file = fopen(name, "rb");
    if (!file) die(name);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *content = malloc(*size + 1);
    if (!content || fread(content, 1, *size, file) != *size) die(name);
    content[*size] = 0;
    fclose(file);
    return content;
}

static void join(int i) {
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockets[i].fd = fd;
    sockets[i].events = POLLIN;
    connections[i].began = 0;
}

static size_t write_request(char *to, uint32_t number) {
    char *at = to;
    for (size_t i = 0; i < template_size; i++) {
        switch (template[i]) {
        case 1: at += sprintf(at, "%010u", number); break;
        case 2: at += sprintf(at, "%04u", number % 1000); break;
        case 3: at += sprintf(at, "%05u", 10000 + number % 1000); break;
        case 4: {
            char *end = strchr(bearer, '\n');
            memcpy(at, bearer, (size_t)(end - bearer));
            at += end - bearer;
            bearer = end[1] ? end + 1 : bearers;
            break;
        }
        default: *at++ = template[i];
        }
    }
    return (size_t)(at - to);
}

static void ask(int i, uint32_t number, int64_t due) {
    char request[ROOM];
    size_t size = write_request(request, number);
    connections[i].number = number;
    connections[i].began = due;
    connections[i].got = 0;
    if (send(sockets[i].fd, request, size, 0) != (ssize_t)size) die("send");
}

static void note(Connection *c, uint32_t status) {
    int64_t at = now();
    uint32_t row[4] = {c->number, status, (uint32_t)((at - c->began) / 1000), (uint32_t)((at - start) / 1000000)};
    if (fwrite(row, sizeof row, 1, results) != 1) die("results");
    c->began = 0;
}

static int is_whole(Connection *c) {
    c->answer[c->got] = 0;
    char *body = strstr(c->answer, "\r\n\r\n"), *length = strcasestr(c->answer, "\r\ncontent-length:");
    return body && length && length < body && c->got >= (size_t)(body + 4 - c->answer) + strtoul(length + 17, NULL, 10);
}

/* Whether the connection is free for its next request. */
static int hear(int i) {
    Connection *c = &connections[i];
    ssize_t got = recv(sockets[i].fd, c->answer + c->got, ROOM - 1 - c->got, 0);
    if (got <= 0) {
        if (c->began) note(c, 0);
        close(sockets[i].fd);
        join(i);
        return 1;
    }
    c->got += (size_t)got;
    if (!c->began || !is_whole(c)) return 0;
    note(c, (uint32_t)atoi(c->answer + 9));
    return 1;
}

static void wait_until(int count, int64_t at) {
    int64_t left = at - now();
    if (left < 0) left = 0;
#ifdef __linux__
    struct timespec most = {left / 1000000000, left % 1000000000};
    if (ppoll(sockets, (nfds_t)count, &most, NULL) < 0) die("ppoll");
#else
    if (poll(sockets, (nfds_t)count, (int)((left + 999999) / 1000000)) < 0) die("poll");
#endif
}

static int drive(int count, double seconds, double rate, uint32_t number) {
    int busy = 0, free_count = 0, *idle = malloc(sizeof(int) * (size_t)count);
    for (int i = count; i--;) idle[free_count++] = i;
    start = now();
    int64_t end = start + (int64_t)(seconds * 1e9), last = end + DRAIN_SECONDS * 1000000000LL;
    for (uint32_t asked = 0;;) {
        int64_t at = now(), due = rate > 0 ? start + (int64_t)(asked * 1e9 / rate) : at;
        while (free_count && due <= at && at < end && due < end) {
            ask(idle[--free_count], number++, due);
            busy++, asked++;
            due = rate > 0 ? start + (int64_t)(asked * 1e9 / rate) : at;
        }
        if (at >= end && (!busy || at > last)) break;
        wait_until(count, at >= end ? last : (free_count && due < end ? due : end));
        for (int i = 0; i < count; i++)
            if (sockets[i].revents) {
                int was_busy = connections[i].began != 0;
                if (hear(i) && was_busy) idle[free_count++] = i, busy--;
            }
    }
    for (int i = 0; i < count; i++)
        if (connections[i].began) note(&connections[i], 0);
    return busy;
}

int main(int argc, char **argv) {
    if (argc != 10) return fprintf(stderr, "see the head of load.c\n"), 2;
    int count = atoi(argv[3]);
    size_t unused;
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) die(argv[1]);
    template = read_file(argv[7], &template_size);
    bearer = bearers = read_file(argv[8], &unused);
    connections = calloc((size_t)count, sizeof *connections);
    sockets = calloc((size_t)count, sizeof *sockets);
    if (!(results = fopen(argv[9], "wb"))) die(argv[9]);
    for (int i = 0; i < count; i++) join(i);
    int unanswered = drive(count, atof(argv[4]), atof(argv[5]), (uint32_t)strtoul(argv[6], NULL, 10));
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"unanswered\": %d, \"cpu_seconds\": %.3f}\n", unanswered, cpu);
    return fclose(results) ? 1 : 0;
}

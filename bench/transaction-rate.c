/* Small transactions one after the other, measured with librdkafka: how many a second, and how long a commit takes.
 *
 *     transaction-rate HOST:PORT TOPIC RECORDS_PER_TRANSACTION RECORD_BYTES WARMUP_SECONDS SECONDS
 *
 * begin, produce RECORDS_PER_TRANSACTION records to partitions in turn, commit (which flushes first), and again. The commit's time is that of
 * rd_kafka_commit_transaction alone: from the last produce to the coordinator's word that all of it counts. linger.ms=0; otherwise librdkafka's
 * defaults. Prints one JSON object, milliseconds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rdkafka.h"

#define TIMEOUT_MS 60000
#define ROOM 1000000

static int64_t commits[ROOM];

static int64_t now_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what, const char *why) {
        fprintf(stderr, "transaction-rate: %s: %s\n", what, why);
        exit(1);
}

static void check(const char *what, rd_kafka_error_t *error) {
        if (error)
                die(what, rd_kafka_error_string(error));
}

static int ascending(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return (x > y) - (x < y);
}

static size_t run(rd_kafka_t *rk, const char *topic, int records, const char *payload, size_t size, int64_t until) {
        size_t count = 0;
        while (now_ns() < until && count < ROOM) {
                check("begin", rd_kafka_begin_transaction(rk));
                for (int i = 0; i < records; i++) {
                        rd_kafka_resp_err_t err = rd_kafka_producev(
                            rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE((void *)payload, size),
                            RD_KAFKA_V_PARTITION(i % 3), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
                        if (err)
                                die("produce", rd_kafka_err2str(err));
                }
                int64_t start = now_ns();
                check("commit", rd_kafka_commit_transaction(rk, TIMEOUT_MS));
                commits[count++] = now_ns() - start;
        }
        return count;
}

int main(int argc, char **argv) {
        char why[512];
        if (argc != 7)
                die("usage", "HOST:PORT TOPIC RECORDS_PER_TRANSACTION RECORD_BYTES WARMUP_SECONDS SECONDS");
        int records = atoi(argv[3]);
        size_t size = (size_t)atoll(argv[4]);
        int64_t warmup = atoll(argv[5]), seconds = atoll(argv[6]);
        if (records < 1 || size < 1 || seconds < 1)
                die("usage", "amounts, sizes and times must be positive");
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], NULL, 0);
        rd_kafka_conf_set(conf, "transactional.id", "transaction-rate", NULL, 0);
        rd_kafka_conf_set(conf, "linger.ms", "0", NULL, 0);
        rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
        if (!rk)
                die("no client", why);
        check("init", rd_kafka_init_transactions(rk, TIMEOUT_MS));
        char *payload = calloc(1, size);
        if (warmup > 0)
                run(rk, argv[2], records, payload, size, now_ns() + warmup * INT64_C(1000000000));
        int64_t start = now_ns();
        size_t count = run(rk, argv[2], records, payload, size, start + seconds * INT64_C(1000000000));
        double took = (double)(now_ns() - start) / 1e9;
        if (count == 0)
                die("commit", "no transaction came to its end in time");
        qsort(commits, count, sizeof(*commits), ascending);
#define AT(q) ((double)commits[(size_t)((double)(count - 1) * (q))] / 1e6)
        printf("{\"perSecond\":%.1f,\"commit\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f},\"transactions\":%zu}\n",
               (double)count / took, AT(0.5), AT(0.99), AT(0.999), count);
#undef AT
        rd_kafka_destroy(rk);
        return 0;
}

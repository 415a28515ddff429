/* Latency at a fixed pace, measured with librdkafka: a producer and a consumer in one process, one clock.
 *
 *     paced-latency HOST:PORT TOPIC RECORDS_PER_SECOND RECORD_BYTES WARMUP_SECONDS SECONDS [KEYS]
 *
 * Every record carries the moment at which it was due. Latency counts from there, not from when it was really handed over,
 * so that a stall counts for every record it held up. Sends sleep until they are due and never spin: on a pinned core a
 * spinning producer would hold up the consumer. linger.ms=0, acks=all, partition 0; otherwise librdkafka's defaults.
 * With KEYS each record has one of that many keys, in an order that repeats no sooner than all have been used; without, none.
 * Prints one JSON object, milliseconds.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rdkafka.h"

#define DRAIN_SECONDS 30
#define PRIMING INT64_MIN /* carried by the records that only show that the consumer is there */

struct series {
        int64_t *ns;
        size_t count, room;
};

static struct series end_to_end, acknowledged;
static volatile int64_t counted_from; /* records due before this moment are warm-up */
static volatile int primed, done;
static volatile size_t consumed, failed;
static uint64_t keys, sent;

static int64_t now_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what, const char *why) {
        fprintf(stderr, "paced-latency: %s: %s\n", what, why);
        exit(1);
}

static void add(struct series *s, int64_t due) {
        if (due < counted_from || s->count == s->room)
                return;
        s->ns[s->count++] = now_ns() - due;
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
        int64_t due;
        (void)rk, (void)opaque;
        memcpy(&due, m->payload, sizeof(due));
        if (m->err) {
                failed++;
                return;
        }
        if (due != PRIMING)
                add(&acknowledged, due);
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *brokers) {
        char why[512];
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        rd_kafka_t *rk;
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
        if (type == RD_KAFKA_PRODUCER) {
                rd_kafka_conf_set(conf, "linger.ms", "0", NULL, 0);
                rd_kafka_conf_set(conf, "acks", "all", NULL, 0);
                rd_kafka_conf_set_dr_msg_cb(conf, delivered);
        } else {
                rd_kafka_conf_set(conf, "group.id", "paced-latency", NULL, 0);
                rd_kafka_conf_set(conf, "enable.auto.commit", "false", NULL, 0);
        }
        if (!(rk = rd_kafka_new(type, conf, why, sizeof(why))))
                die("no client", why);
        return rk;
}

static void *consume(void *arg) {
        rd_kafka_t *rk = arg;
        while (!done) {
                rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 100);
                if (!m)
                        continue;
                if (!m->err && m->len >= sizeof(int64_t)) {
                        int64_t due;
                        memcpy(&due, m->payload, sizeof(due));
                        if (due == PRIMING) {
                                primed = 1;
                        } else {
                                add(&end_to_end, due);
                                consumed++;
                        }
                }
                rd_kafka_message_destroy(m);
        }
        return NULL;
}

static void *poll_reports(void *arg) {
        while (!done)
                rd_kafka_poll(arg, 100);
        return NULL;
}

static int ascending(const void *a, const void *b) {
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
        return (x > y) - (x < y);
}

static void print(const char *name, struct series *s) {
        qsort(s->ns, s->count, sizeof(*s->ns), ascending);
#define AT(q) ((double)s->ns[(size_t)((double)(s->count - 1) * (q))] / 1e6)
        printf("\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f},", name, AT(0.5), AT(0.99), AT(0.999));
#undef AT
}

static void send_one(rd_kafka_t *rk, const char *topic, char *payload, size_t size, int64_t due) {
        char key[24];
        int key_size = 0;
        memcpy(payload, &due, sizeof(due));
        if (keys > 0) /* a stride that is prime: neighbours in the log have keys far apart */
                key_size = snprintf(key, sizeof(key), "key-%llu", (unsigned long long)(sent++ * 7919 % keys));
        rd_kafka_resp_err_t err = rd_kafka_producev(
            rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE(payload, size),
            RD_KAFKA_V_KEY(key_size > 0 ? key : NULL, (size_t)key_size),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (err)
                die("produce", rd_kafka_err2str(err));
}

static void sleep_until(int64_t ns) {
        struct timespec t = {ns / 1000000000, ns % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
                ;
}

/* Sends `count` records at the pace and waits until all of them are back: what a warm-up left behind in the server is not
 * counted against what follows. */
static void send_paced(rd_kafka_t *rk, const char *topic, char *payload, size_t size, int64_t per_second, size_t count) {
        int64_t start = now_ns() + 100000000;
        size_t expected = consumed + count;
        for (size_t i = 0; i < count; i++) {
                int64_t due = start + (int64_t)i * INT64_C(1000000000) / per_second;
                sleep_until(due);
                send_one(rk, topic, payload, size, due);
        }
        rd_kafka_flush(rk, DRAIN_SECONDS * 1000);
        for (int wait = 0; consumed < expected && wait < DRAIN_SECONDS * 10; wait++)
                sleep_until(now_ns() + 100000000);
        if (failed || consumed != expected) {
                fprintf(stderr, "paced-latency: %zu of %zu records came back, %zu failed\n",
                        count - (expected - consumed), count, failed);
                exit(1);
        }
}

int main(int argc, char **argv) {
        if (argc != 7 && argc != 8)
                die("usage", "HOST:PORT TOPIC RECORDS_PER_SECOND RECORD_BYTES WARMUP_SECONDS SECONDS [KEYS]");
        const char *topic = argv[2];
        int64_t per_second = atoll(argv[3]), warmup = atoll(argv[5]), seconds = atoll(argv[6]);
        size_t size = (size_t)atoll(argv[4]);
        keys = argc == 8 ? (uint64_t)atoll(argv[7]) : 0;
        if (per_second < 1 || size < sizeof(int64_t) || seconds < 1)
                die("usage", "rates, sizes and times must be positive; a record holds at least 8 bytes");
        size_t total = (size_t)(per_second * (warmup + seconds)), warmed = (size_t)(per_second * warmup);
        char *payload = calloc(1, size);
        end_to_end.ns = calloc(total, sizeof(int64_t));
        acknowledged.ns = calloc(total, sizeof(int64_t));
        end_to_end.room = acknowledged.room = total;

        rd_kafka_t *producer = client(RD_KAFKA_PRODUCER, argv[1]);
        rd_kafka_t *consumer = client(RD_KAFKA_CONSUMER, argv[1]);
        rd_kafka_poll_set_consumer(consumer);
        rd_kafka_topic_partition_list_t *at = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(at, topic, 0)->offset = RD_KAFKA_OFFSET_END;
        rd_kafka_assign(consumer, at);
        pthread_t reader, reports;
        pthread_create(&reader, NULL, consume, consumer);
        pthread_create(&reports, NULL, poll_reports, producer);

        for (int attempt = 0; !primed; attempt++) {
                if (attempt == 300)
                        die("no record came back within", "30 s");
                send_one(producer, topic, payload, size, PRIMING);
                sleep_until(now_ns() + 100000000);
        }
        counted_from = INT64_MAX;
        send_paced(producer, topic, payload, size, per_second, warmed);
        counted_from = 0;
        send_paced(producer, topic, payload, size, per_second, total - warmed);
        done = 1;
        pthread_join(reader, NULL);
        pthread_join(reports, NULL);
        printf("{");
        print("endToEnd", &end_to_end);
        print("acknowledged", &acknowledged);
        printf("\"records\":%zu}\n", end_to_end.count);
        rd_kafka_topic_partition_list_destroy(at);
        rd_kafka_consumer_close(consumer);
        rd_kafka_destroy(consumer);
        rd_kafka_destroy(producer);
        return 0;
}

"""The agent of confluent-kafka, librdkafka's Python wheel: `python confluent_agent.py HOST:PORT`.

What it says and hears is in ../agent/agent-messages.ts. The consumer is polled between two looks at standard input's queue, by
the same thread: librdkafka hands out rebalances only from poll.
"""

import json
import queue
import sys
import threading

import confluent_kafka
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

BOOTSTRAP = sys.argv[1]
BASE = {"bootstrap.servers": BOOTSTRAP, "log_level": 3}
REQUEST_SECONDS = 30

admin = AdminClient(BASE)


def say(message):
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")


class Member:
    """The one consumer of this process."""

    def __init__(self, topic, group, commits, session_timeout_ms, start_at):
        self.topic = topic
        self.commits = commits
        self.start_at = start_at
        self.assigned = set()
        self.consumer = Consumer({
            **BASE,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": session_timeout_ms,
            "heartbeat.interval.ms": 500,
            "topic.metadata.refresh.interval.ms": 1000,
        })
        self.consumer.subscribe([topic], on_assign=self.on_assign, on_revoke=self.on_revoke, on_lost=self.on_revoke)

    def on_assign(self, consumer, partitions):
        if self.start_at is not None:
            for partition in partitions:
                partition.offset = self.start_at.get(str(partition.partition), confluent_kafka.OFFSET_END)
            consumer.assign(partitions)
        self.assigned |= {partition.partition for partition in partitions}
        say({"event": "assigned", "partitions": sorted(self.assigned)})

    def on_revoke(self, _consumer, partitions):
        self.assigned -= {partition.partition for partition in partitions}
        say({"event": "assigned", "partitions": sorted(self.assigned)})

    def poll(self):
        for message in self.consumer.consume(500, 0.1):
            if message.error() is not None:
                say({"event": "failed", "error": str(message.error())})
                continue
            say({
                "event": "record",
                "partition": message.partition(),
                "offset": message.offset(),
                "timestamp": message.timestamp()[1],
                "key": message.key().decode(),
                "value": message.value().decode(),
                "headers": {name: value.decode() for name, value in message.headers() or []},
            })

    def leave(self):
        if self.commits:
            self.consumer.commit(asynchronous=False)
        self.consumer.close()


def create_topic(topic, partitions):
    admin.create_topics([NewTopic(topic, partitions)])[topic].result(REQUEST_SECONDS)


def partition_count(topic):
    return len(admin.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic].partitions)


def add_partitions(topic, total):
    admin.create_partitions([NewPartitions(topic, total)])[topic].result(REQUEST_SECONDS)


def produce(topic, codec, file, **rows):
    failures = []
    producer = Producer({
        **BASE, "acks": "all", "compression.type": codec, "linger.ms": 5, "enable.idempotence": True,
    })

    def acknowledged(error, _message):
        if error is not None:
            failures.append(str(error))

    with open(file, encoding="utf-8") as lines:
        for index, line in enumerate(lines):
            if index < rows["from"]:
                continue
            if index >= rows["to"]:
                break
            row = json.loads(line)
            producer.produce(
                topic, row["value"], row["key"],
                headers=row["headers"], timestamp=row["timestamp"], on_delivery=acknowledged,
            )
            producer.poll(0)
    left = producer.flush(REQUEST_SECONDS)
    if left or failures:
        raise RuntimeError(f"{left} not acknowledged, {len(failures)} failed: {failures[:3]}")


def offsets_for_time(topic, timestamp):
    asking = Consumer({**BASE, "group.id": f"{topic}-offsets"})
    asked = [TopicPartition(topic, partition, timestamp) for partition in range(partition_count(topic))]
    found = asking.offsets_for_times(asked, timeout=REQUEST_SECONDS)
    asking.close()
    return {partition.partition: partition.offset for partition in found}


def committed(group, topic):
    partitions = [TopicPartition(topic, partition) for partition in range(partition_count(topic))]
    asked = [ConsumerGroupTopicPartitions(group, partitions)]
    found = admin.list_consumer_group_offsets(asked)[group].result(REQUEST_SECONDS)
    return {partition.partition: partition.offset for partition in found.topic_partitions}


def main():
    orders = queue.Queue()

    def read_orders():
        for line in sys.stdin:
            orders.put(json.loads(line))
        orders.put(None)

    threading.Thread(target=read_orders, daemon=True).start()
    member = None

    def join(topic, group, commits, sessionTimeoutMs, startAt):  # noqa: N803 (names as on the wire)
        nonlocal member
        member = Member(topic, group, commits, sessionTimeoutMs, startAt)

    def leave():
        nonlocal member
        member.leave()
        member = None

    operations = {
        "createTopic": create_topic, "partitionCount": partition_count, "addPartitions": add_partitions,
        "produce": produce, "offsetsForTime": offsets_for_time, "committed": committed, "join": join, "leave": leave,
    }
    say({"event": "ready", "version": f"{confluent_kafka.__version__} (librdkafka {confluent_kafka.libversion()[0]})"})
    while True:
        sys.stdout.flush()
        if member is not None:
            member.poll()
        try:
            order = orders.get(block=member is None)
        except queue.Empty:
            continue
        if order is None:
            return
        identity, operation = order.pop("id"), order.pop("op")
        try:
            say({"id": identity, "result": operations[operation](**order)})
        except Exception as error:  # the suite decides what an error means
            say({"id": identity, "error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()

"""The transactional copier with confluent-kafka (librdkafka): what java/Copier.java does, by another client.

    copier.py BOOTSTRAP GROUP FROM TO SEED

Says "COPIED n" after every commit; ends when its standard input does, with a last line of figures.
"""

import random
import sys
import threading
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

ABORTED = 0.1
PATIENCE_S = 30
# Both clients keep the brokers that they know while all of these are away. Else librdkafka 2.16 forgets them, and a request that waits
# for the coordinator of the group waits forever: send_offsets_to_transaction never returns (librdkafka issue 5511), whoever the broker is.
KEEP_BROKERS = {"metadata.recovery.strategy": "none", "log_level": 2}
stopped = threading.Event()


class Copier:
    def __init__(self, bootstrap, group, source, target, seed):
        self.bootstrap = bootstrap
        self.target = target
        self.random = random.Random(seed)
        self.transactions = self.aborted = self.failed = self.producers = 0
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "range",
                **KEEP_BROKERS,
            }
        )
        self.consumer.subscribe([source])
        self.new_producer()

    def new_producer(self):
        """A fresh transactional id each time: nothing but the group's metadata fences the one before."""
        self.producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "transactional.id": f"copier-{uuid.uuid4()}",
                "transaction.timeout.ms": 30000,
                **KEEP_BROKERS,
            }
        )
        self.producers += 1
        until_in_time(self.producer.init_transactions)

    def step(self):
        messages = self.consumer.consume(num_messages=self.random.randint(1, 500), timeout=0.2)
        records = [message for message in messages if message.error() is None]
        if not records:
            return
        try:
            if self.copy(records):
                self.transactions += 1
                print(f"COPIED {len(records)}", flush=True)
                return
        except KafkaException as error:
            self.failed += 1
            print(f"transaction failed: {error}", file=sys.stderr, flush=True)
            self.recover(error.args[0])
        self.rewind()

    def copy(self, records):
        """Whether the transaction was committed; False: it was aborted, as chance would have it."""
        self.producer.begin_transaction()
        offsets = {}
        for record in records:
            value = f"{record.value().decode()} librdkafka {self.transactions}"
            self.producer.produce(self.target, value, record.key(), record.partition())
            offsets[record.partition()] = TopicPartition(record.topic(), record.partition(), record.offset() + 1)
        abort = self.random.random() < ABORTED
        if not abort or self.random.random() < 0.5:
            metadata = self.consumer.consumer_group_metadata()
            until_in_time(self.producer.send_offsets_to_transaction, list(offsets.values()), metadata)
        if abort:
            self.aborted += 1
            if self.random.random() < 0.5:
                self.producer.flush()
            until_in_time(self.producer.abort_transaction)
            return False
        until_in_time(self.producer.commit_transaction)
        return True

    def recover(self, error):
        """An error of which the producer can recover ends with its transaction aborted; after any other, a new producer."""
        if error.fatal():
            self.new_producer()
            return
        try:
            until_in_time(self.producer.abort_transaction)
        except KafkaException:
            self.new_producer()

    def rewind(self):
        """Back to what the group has committed, which includes what a commit of unknown outcome turns out to have done."""
        while not stopped.is_set():
            try:
                for partition in self.consumer.committed(self.consumer.assignment(), timeout=PATIENCE_S):
                    if partition.error is not None:
                        raise KafkaException(partition.error)
                    if partition.offset < 0:
                        partition.offset = OFFSET_BEGINNING
                    self.consumer.seek(partition)
                return
            except KafkaException as error:
                # The broker is away, a transaction is still open, or a rebalance has taken the partition meanwhile.
                print(f"rewind: {error}", file=sys.stderr, flush=True)
                stopped.wait(0.1)


def until_in_time(call, *arguments):
    """These calls may be repeated after a time-out, and have to be: what they began goes on."""
    while True:
        try:
            return call(*arguments, PATIENCE_S)
        except KafkaException as error:
            print(f"{call.__name__}: {error}", file=sys.stderr, flush=True)
            # A conflict: a call that was not brought to its end is in the way, and stays there.
            failure = error.args[0]
            if stopped.is_set() or failure.code() == KafkaError._CONFLICT or not failure.retriable():
                raise


def await_end():
    sys.stdin.read()
    stopped.set()


def main():
    threading.Thread(target=await_end, daemon=True).start()
    copier = Copier(*sys.argv[1:5], int(sys.argv[5]))
    while not stopped.is_set():
        copier.step()
    copier.consumer.close()
    print(
        f"{copier.transactions} committed, {copier.aborted} aborted, {copier.failed} failed, {copier.producers} producers",
        flush=True,
    )


main()

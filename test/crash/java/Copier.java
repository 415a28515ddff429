// A transactional copier, consume-transform-produce: every record of a topic goes into the same partition of another one, in
// transactions that carry the offsets of what was read (KIP-447: fenced by the group's metadata, not by a transactional id that stays).
//
//   Copier BOOTSTRAP GROUP FROM TO SEED
//
// Random batches, random aborts and, once, a transaction that is left open for the broker to time out. Says "COPIED n" after every
// commit; ends when its standard input does, with a last line of figures.
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Copier {
  private static final double ABORTED = 0.1;
  private static final String TRANSACTION_TIMEOUT_MS = "30000";
  private static volatile boolean stopped;

  private final String bootstrap;
  private final String to;
  private final Random random;
  private final KafkaConsumer<String, String> consumer;
  private KafkaProducer<String, String> producer;
  private int transactions;
  private int aborted;
  private int failed;
  private int producers;
  private boolean abandoned;

  private Copier(String bootstrap, String group, String from, String to, long seed) {
    this.bootstrap = bootstrap;
    this.to = to;
    random = new Random(seed);
    consumer = new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", group,
            "isolation.level", "read_committed",
            "enable.auto.commit", "false",
            "auto.offset.reset", "earliest",
            "partition.assignment.strategy", RangeAssignor.class.getName(),
            "max.poll.records", 250),
        new StringDeserializer(),
        new StringDeserializer());
    consumer.subscribe(List.of(from));
  }

  public static void main(String[] args) throws Exception {
    var stop = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (java.io.IOException e) {
        // The end, too.
      }
      stopped = true;
    });
    stop.setDaemon(true);
    stop.start();
    var copier = new Copier(args[0], args[1], args[2], args[3], Long.parseLong(args[4]));
    copier.newProducer();
    while (!stopped) copier.step();
    copier.producer.close();
    copier.consumer.close();
    System.out.println(copier.transactions + " committed, " + copier.aborted + " aborted, " + copier.failed
        + " failed, " + copier.producers + " producers");
  }

  /** A fresh transactional id each time: nothing but the group's metadata fences the one before. */
  private void newProducer() {
    if (producer != null) producer.close(Duration.ZERO);
    producer = new KafkaProducer<>(
        Map.of(
            "bootstrap.servers", bootstrap,
            "transactional.id", "copier-" + UUID.randomUUID(),
            "transaction.timeout.ms", TRANSACTION_TIMEOUT_MS),
        new StringSerializer(),
        new StringSerializer());
    producers++;
    untilInTime("init", producer::initTransactions);
  }

  /** These calls may be repeated after a time-out, and have to be: what they began goes on. */
  private static void untilInTime(String what, Runnable call) {
    while (true) {
      try {
        call.run();
        return;
      } catch (TimeoutException e) {
        System.err.println(what + " takes long: " + e.getMessage());
        if (stopped) throw e;
      }
    }
  }

  private void step() {
    ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
    if (records.isEmpty()) return;
    try {
      if (copy(records)) {
        transactions++;
        System.out.println("COPIED " + records.count());
        return;
      }
    } catch (KafkaException e) {
      failed++;
      System.err.println("transaction failed: " + e);
      recover();
    }
    rewind();
  }

  /** Whether the transaction was committed; false: it was aborted or abandoned, as chance would have it. */
  private boolean copy(ConsumerRecords<String, String> records) {
    producer.beginTransaction();
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (var record : records) {
      String value = record.value() + " java " + transactions;
      producer.send(new ProducerRecord<>(to, record.partition(), record.key(), value));
      offsets.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
    }
    if (!abandoned && transactions > 5) {
      abandoned = true;
      producer.flush();
      newProducer();
      return false;
    }
    boolean abort = random.nextDouble() < ABORTED;
    if (!abort || random.nextBoolean()) producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
    if (abort) {
      aborted++;
      if (random.nextBoolean()) producer.flush();
      untilInTime("abort", producer::abortTransaction);
      return false;
    }
    untilInTime("commit", producer::commitTransaction);
    return true;
  }

  /** An error of which the producer can recover ends with its transaction aborted; after any other, a new producer. */
  private void recover() {
    try {
      untilInTime("abort", producer::abortTransaction);
    } catch (KafkaException e) {
      newProducer();
    }
  }

  /** Back to what the group has committed, which includes what a commit of unknown outcome turns out to have done. */
  private void rewind() {
    untilInTime("rewind", () -> {
      Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
      for (TopicPartition partition : consumer.assignment()) {
        OffsetAndMetadata offset = committed.get(partition);
        if (offset == null) consumer.seekToBeginning(List.of(partition));
        else consumer.seek(partition, offset.offset());
      }
    });
  }
}

// Fills topics and reads them back with the official client, so that what a test believes of a topic does not come from our own code.
//
//   create BOOTSTRAP TOPIC PARTITIONS [SETTING=VALUE...]
//   write BOOTSTRAP TOPIC                 stdin: partition, timestamp, key and value of a record, separated by tabs
//   read BOOTSTRAP TOPIC COUNT SECONDS    read_committed; stdout: partition, offset, timestamp, key, value
//   group BOOTSTRAP GROUP TOPIC SECONDS   waits until the group has committed the end of every partition
//
// `read` waits until there are COUNT records, then reads to the end as it then is, and fails while a transaction is open there: an end
// that read_committed cannot reach means that a transaction hangs. Exit status 3: not within SECONDS.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class TopicTool {
  private static final int NOT_IN_TIME = 3;
  private static final long PAUSE_MS = 100;

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "create" -> create(args);
      case "write" -> write(args[1], args[2]);
      case "read" -> read(args[1], args[2], Long.parseLong(args[3]), end(args[4]));
      case "group" -> awaitGroup(args[1], args[2], args[3], end(args[4]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static long end(String seconds) {
    return System.nanoTime() + Duration.ofSeconds(Long.parseLong(seconds)).toNanos();
  }

  private static void create(String[] args) throws Exception {
    Map<String, String> settings = new HashMap<>();
    for (int i = 4; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      settings.put(args[i].substring(0, equals), args[i].substring(equals + 1));
    }
    NewTopic topic = new NewTopic(args[2], Optional.of(Integer.parseInt(args[3])), Optional.empty());
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[1]))) {
      admin.createTopics(List.of(topic.configs(settings))).all().get();
    } catch (ExecutionException e) {
      // A broker that was killed before it could answer has made it all the same.
      if (!(e.getCause() instanceof TopicExistsException)) throw e;
    }
  }

  private static void write(String bootstrap, String topic) throws Exception {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", bootstrap, "linger.ms", "5", "delivery.timeout.ms", "600000");
    List<Future<RecordMetadata>> answers = new ArrayList<>();
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var text = new StringSerializer();
    try (var producer = new KafkaProducer<String, String>(settings, text, text)) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] part = line.split("\t", 4);
        var record =
            new ProducerRecord<>(topic, Integer.parseInt(part[0]), Long.parseLong(part[1]), part[2], part[3]);
        answers.add(producer.send(record));
      }
      producer.flush();
      for (Future<RecordMetadata> answer : answers) answer.get();
    }
  }

  private static KafkaConsumer<String, String> consumer(String bootstrap, String isolation) {
    Map<String, Object> settings =
        Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation, "enable.auto.commit", "false");
    var text = new StringDeserializer();
    return new KafkaConsumer<>(settings, text, text);
  }

  private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, String topic) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (PartitionInfo info : consumer.partitionsFor(topic)) {
      partitions.add(new TopicPartition(topic, info.partition()));
    }
    return partitions;
  }

  private static void read(String bootstrap, String topic, long count, long end) throws Exception {
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    try (var consumer = consumer(bootstrap, "read_committed");
        var uncommitted = consumer(bootstrap, "read_uncommitted")) {
      List<TopicPartition> partitions = partitions(consumer, topic);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      // Everything that was written, transactions still open included: what read_committed has to reach.
      Map<TopicPartition, Long> last = null;
      for (;;) {
        for (var record : consumer.poll(Duration.ofMillis(PAUSE_MS))) records.add(record);
        if (records.size() >= count && last == null) last = uncommitted.endOffsets(partitions);
        if (last != null && isAt(consumer, last)) break;
        if (System.nanoTime() > end) {
          System.err.println(records.size() + " records of " + count + " in " + topic + ", read up to "
              + positions(consumer, partitions) + " of " + uncommitted.endOffsets(partitions));
          System.exit(NOT_IN_TIME);
        }
      }
    }
    var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (var record : records) {
      out.print(record.partition() + "\t" + record.offset() + "\t" + record.timestamp() + "\t"
          + record.key() + "\t" + record.value() + "\n");
    }
    out.flush();
  }

  private static boolean isAt(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> last) {
    return last.entrySet().stream().allMatch(entry -> consumer.position(entry.getKey()) >= entry.getValue());
  }

  private static Map<TopicPartition, Long> positions(
      KafkaConsumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    Map<TopicPartition, Long> positions = new HashMap<>();
    for (TopicPartition partition : partitions) positions.put(partition, consumer.position(partition));
    return positions;
  }

  private static void awaitGroup(String bootstrap, String group, String topic, long end) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
        var consumer = consumer(bootstrap, "read_uncommitted")) {
      Map<TopicPartition, Long> last = consumer.endOffsets(partitions(consumer, topic));
      Map<TopicPartition, OffsetAndMetadata> committed = Map.of();
      while (System.nanoTime() < end) {
        try {
          committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
          Map<TopicPartition, OffsetAndMetadata> now = committed;
          if (last.entrySet().stream().allMatch(entry -> {
            OffsetAndMetadata at = now.get(entry.getKey());
            return at != null ? at.offset() >= entry.getValue() : entry.getValue() == 0;
          })) return;
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof RetriableException)) throw e;
        }
        Thread.sleep(PAUSE_MS);
      }
      System.err.println("group " + group + " has committed " + committed + " of " + last);
      System.exit(NOT_IN_TIME);
    }
  }
}

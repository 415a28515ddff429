import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills a broker and says what is in it, for the adoption of a Kafka folder.
 *
 *   fill BOOTSTRAP    topics, records in every codec, transactions, commits of groups, deleted records
 *   read BOOTSTRAP    everything that a client can see of it, one line each, in a fixed order
 *   more BOOTSTRAP    a few records more in every codec, by an idempotent producer and in a transaction
 */
public final class AdoptTool {
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    private static final int RECORDS = 400;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[1];
        switch (arguments[0]) {
            case "fill" -> fill(bootstrap);
            case "read" -> read(bootstrap);
            case "more" -> more(bootstrap);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.out.println("DONE");
    }

    private static Properties client(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        properties.put("key.deserializer", ByteArrayDeserializer.class.getName());
        properties.put("value.deserializer", ByteArrayDeserializer.class.getName());
        properties.put("default.api.timeout.ms", "30000");
        return properties;
    }

    private static void fill(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(client(bootstrap))) {
            List<NewTopic> topics = new ArrayList<>();
            for (String codec : CODECS) {
                topics.add(new NewTopic("codec-" + codec, 2, (short) 1).configs(Map.of("segment.index.bytes", "64", "retention.ms", "-1")));
            }
            topics.add(new NewTopic("transactions", 3, (short) 1).configs(Map.of("segment.index.bytes", "64", "max.message.bytes", "123456")));
            topics.add(new NewTopic("trimmed", 1, (short) 1).configs(Map.of("segment.index.bytes", "64")));
            topics.add(new NewTopic("compacted", 1, (short) 1).configs(Map.of("segment.index.bytes", "64", "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0.01", "segment.ms", "100")));
            topics.add(new NewTopic("empty", 4, (short) 1).configs(Map.of()));
            topics.add(new NewTopic("appendtime", 1, (short) 1).configs(Map.of("message.timestamp.type", "LogAppendTime")));
            topics.add(new NewTopic("gone", 1, (short) 1).configs(Map.of()));
            admin.createTopics(topics).all().get();
            for (String codec : CODECS) {
                produce(bootstrap, codec, "codec-" + codec, 2, RECORDS, 0);
            }
            produce(bootstrap, "lz4", "trimmed", 1, RECORDS, 0);
            produce(bootstrap, "none", "appendtime", 1, 50, 0);
            produce(bootstrap, "none", "gone", 1, 5, 0);
            for (int round = 0; round < 6; round++) {
                produce(bootstrap, "none", "compacted", 1, 100, 0);
                Thread.sleep(120);
            }
            transactions(bootstrap, 8);
            admin.deleteRecords(Map.of(new TopicPartition("trimmed", 0), RecordsToDelete.beforeOffset(150))).all().get();
            admin.deleteTopics(List.of("gone")).all().get();
            Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
            for (int i = 0; i < 12; i++) {
                commits.clear();
                commits.put(new TopicPartition("codec-gzip", i % 2), new OffsetAndMetadata(10 + i, "note " + i));
                commits.put(new TopicPartition("transactions", i % 3), new OffsetAndMetadata(i));
                admin.alterConsumerGroupOffsets("group-" + i, commits).all().get();
            }
            admin.deleteConsumerGroups(List.of("group-11")).all().get();
        }
    }

    private static void produce(String bootstrap, String codec, String topic, int partitions, int count, int from) throws Exception {
        Properties properties = client(bootstrap);
        properties.put("compression.type", codec);
        properties.put("enable.idempotence", "true");
        // A topic that was just made refuses its first batch at times; a second in flight would then overtake it.
        properties.put("max.in.flight.requests.per.connection", "1");
        properties.put("linger.ms", "2");
        properties.put("batch.size", "4000");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            for (int i = from; i < from + count; i++) {
                producer.send(recordOf(topic, i % partitions, i));
            }
            producer.flush();
        }
    }

    private static ProducerRecord<byte[], byte[]> recordOf(String topic, int partition, int i) {
        byte[] key = ("key-" + (i % 50)).getBytes(StandardCharsets.UTF_8);
        byte[] value = new byte[i % 500];
        new Random(i).nextBytes(value);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, null, key, i % 17 == 3 ? null : value);
        if (i % 3 == 0) record.headers().add("header", new byte[] {(byte) i, 1});
        return record;
    }

    private static void transactions(String bootstrap, int count) throws Exception {
        Properties properties = client(bootstrap);
        properties.put("transactional.id", "adopted-transactions");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            producer.initTransactions();
            for (int transaction = 0; transaction < count; transaction++) {
                producer.beginTransaction();
                for (int i = 0; i < 30; i++) producer.send(recordOf("transactions", i % 3, transaction * 1000 + i));
                producer.flush();
                if (transaction % 3 == 1) producer.abortTransaction();
                else producer.commitTransaction();
            }
        }
    }

    private static void more(String bootstrap) throws Exception {
        for (String codec : CODECS) produce(bootstrap, codec, "codec-" + codec, 2, 20, 100_000);
        transactions(bootstrap, 2);
    }

    private static void read(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(client(bootstrap))) {
            TreeMap<String, Integer> groups = new TreeMap<>();
            admin.listGroups().all().get().forEach(group -> groups.put(group.groupId(), 1));
            for (String group : groups.keySet()) {
                TreeMap<String, String> lines = new TreeMap<>();
                admin.listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec())).all().get().get(group)
                    .forEach((partition, offset) -> lines.put(partition.toString(), offset.offset() + " " + offset.metadata()));
                lines.forEach((partition, line) -> System.out.println("commit " + group + " " + partition + " " + line));
            }
            for (String topic : new TreeMap<>(admin.listTopics().namesToListings().get()).keySet()) {
                var description = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
                System.out.println("topic " + topic + " " + description.topicId() + " " + description.partitions().size());
            }
        }
        for (String isolation : List.of("read_uncommitted", "read_committed")) readAll(bootstrap, isolation);
    }

    private static void readAll(String bootstrap, String isolation) {
        Properties properties = client(bootstrap);
        properties.put("isolation.level", isolation);
        properties.put("auto.offset.reset", "earliest");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (Map.Entry<String, List<PartitionInfo>> topic : consumer.listTopics().entrySet()) {
                if (topic.getKey().startsWith("__")) continue;
                for (PartitionInfo info : topic.getValue()) partitions.add(new TopicPartition(info.topic(), info.partition()));
            }
            partitions.sort((a, b) -> a.toString().compareTo(b.toString()));
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<TopicPartition, StringBuilder> lines = new HashMap<>();
            consumer.assign(partitions);
            for (TopicPartition partition : partitions) {
                consumer.seek(partition, begins.get(partition));
                lines.put(partition, new StringBuilder("log " + isolation + " " + partition + " " + begins.get(partition) + " " + ends.get(partition) + "\n"));
            }
            for (TopicPartition partition : partitions) {
                while (consumer.position(partition) < ends.get(partition)) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                        lines.get(new TopicPartition(record.topic(), record.partition())).append(lineOf(isolation, record)).append('\n');
                    }
                }
            }
            for (TopicPartition partition : partitions) System.out.print(lines.get(partition));
            for (TopicPartition partition : partitions) {
                System.out.println("time " + partition + " " + consumer.offsetsForTimes(Map.of(partition, 1L)).get(partition));
            }
        }
    }

    private static String lineOf(String isolation, ConsumerRecord<byte[], byte[]> record) {
        StringBuilder headers = new StringBuilder();
        for (Header header : record.headers()) headers.append(' ').append(header.key()).append('=').append(sum(header.value()));
        return "record " + isolation + " " + record.topic() + "-" + record.partition() + " " + record.offset() + " "
            + record.timestampType() + " " + record.timestamp() + " " + record.leaderEpoch() + " " + sum(record.key()) + " " + sum(record.value()) + headers;
    }

    private static String sum(byte[] bytes) {
        if (bytes == null) return "null";
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return bytes.length + "#" + Long.toHexString(crc.getValue());
    }
}

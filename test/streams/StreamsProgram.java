// What Kafka Streams programs mostly do, with processing.guarantee=exactly_once_v2 and several threads.
//
//   StreamsProgram word-count|join BOOTSTRAP NAME STATE_FOLDER
//
//   word-count   topic NAME-lines: lines of words. Topic NAME-counts: after every word its count so far.
//   join         topics NAME-left and NAME-right, joined by key where their times are at most a second apart. Topic NAME-pairs:
//                "left|right".
//
// Says "DONE n" now and then, n records more having gone through; ends when its standard input does, with a last line of figures.
// State is kept in RocksDB; "rocksdb" or "in-memory" as the first line says which, where RocksDB's native library cannot be loaded.
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.rocksdb.RocksDB;

public final class StreamsProgram {
  private static final int THREADS = 3;
  private static final int TELL_EVERY_MS = 20;
  /** As in the test that knows which pairs there must be. */
  private static final Duration APART = Duration.ofSeconds(1);
  /** Longer than the times of all records together: none is ever late, whatever the order in which partitions are read. */
  private static final Duration GRACE = Duration.ofDays(1);

  public static void main(String[] args) throws Exception {
    String name = args[2];
    var done = new AtomicLong();
    var failures = new AtomicInteger();
    var builder = new StreamsBuilder();
    if (args[0].equals("word-count")) wordCount(builder, name, done);
    else join(builder, name, done);

    var streams = new KafkaStreams(builder.build(), settings(args[1], name, args[3]));
    streams.setUncaughtExceptionHandler(error -> {
      failures.incrementAndGet();
      System.err.println("a thread failed: " + error);
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    });
    streams.start();
    tell(done);
    while (System.in.read() >= 0) {}
    boolean closed = streams.close(Duration.ofSeconds(40));
    System.out.println(
        done.get() + " records through, again included; " + failures.get() + " threads replaced, closed " + closed);
    System.exit(closed ? 0 : 1);
  }

  private static Properties settings(String bootstrap, String name, String folder) {
    var settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, THREADS);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    // A program that was killed is missed sooner than after 45 s.
    settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 10_000);
    // Every update is to be seen, not the last one of some time.
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    try {
      RocksDB.loadLibrary();
      System.out.println("rocksdb");
    } catch (Throwable noNativeLibrary) {
      settings.put(
          StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
          "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
      System.out.println("in-memory");
    }
    return settings;
  }

  private static void wordCount(StreamsBuilder builder, String name, AtomicLong done) {
    KStream<String, String> lines = builder.stream(name + "-lines");
    lines.peek((key, line) -> done.incrementAndGet())
        .flatMapValues(line -> List.of(line.split(" ")))
        .groupBy((key, word) -> word)
        .count()
        .toStream()
        .mapValues(count -> Long.toString(count))
        .to(name + "-counts");
  }

  private static void join(StreamsBuilder builder, String name, AtomicLong done) {
    KStream<String, String> left = builder.stream(name + "-left");
    KStream<String, String> right = builder.stream(name + "-right");
    left.peek((key, value) -> done.incrementAndGet())
        .join(
            right.peek((key, value) -> done.incrementAndGet()),
            (one, other) -> one + "|" + other,
            JoinWindows.ofTimeDifferenceAndGrace(APART, GRACE))
        .to(name + "-pairs");
  }

  private static void tell(AtomicLong done) {
    var teller = new Thread(() -> {
      long told = 0;
      try {
        for (; ; Thread.sleep(TELL_EVERY_MS)) {
          long now = done.get();
          if (now > told) System.out.println("DONE " + (now - told));
          told = now;
        }
      } catch (InterruptedException end) {
        // Nothing more to tell.
      }
    });
    teller.setDaemon(true);
    teller.start();
  }
}

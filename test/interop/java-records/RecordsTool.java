// Kafka's own Java classes as the judge of record batches. Run from source: java -cp JARS RecordsTool.java COMMAND ...
//
//   read FILE     reads the batches in FILE, checks their CRC, decompresses and reads every record, and prints them
//   write SEED    prints batches of random content in every codec and shape, each as hex and then as `read` would
//
// A batch is printed as lines that `batch-dump.ts` prints for what Moldau reads, so that both can be compared as text.

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.internal.*;
import org.apache.kafka.common.record.internal.Record;

public class RecordsTool {
    static final HexFormat HEX = HexFormat.of();
    static final long NOW = 1_700_000_000_000L;

    public static void main(String[] args) throws Exception {
        if (args[0].equals("read")) {
            StringBuilder out = new StringBuilder();
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(Path.of(args[1])));
            for (RecordBatch batch : MemoryRecords.readableRecords(bytes).batches()) dump(batch, out);
            System.out.print(out);
        } else {
            write(Long.parseLong(args[1]));
        }
    }

    static void dump(RecordBatch batch, StringBuilder out) {
        batch.ensureValid();
        out.append("batch ").append(String.join(" ",
            batch.baseOffset() + ".." + batch.lastOffset(),
            "size=" + batch.sizeInBytes(), "epoch=" + batch.partitionLeaderEpoch(), "crc=" + batch.checksum(),
            "codec=" + batch.compressionType().name, "time=" + batch.timestampType().name,
            "transactional=" + batch.isTransactional(), "control=" + batch.isControlBatch(),
            "horizon=" + (batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : "none"),
            "max=" + batch.maxTimestamp(), "producer=" + batch.producerId() + "/" + batch.producerEpoch(),
            "sequence=" + batch.baseSequence() + ".." + batch.lastSequence(), "count=" + batch.countOrNull())).append('\n');
        for (Record record : batch) {
            out.append("record ").append(record.offset()).append(' ').append(record.timestamp())
                .append(' ').append(hex(record.key())).append(' ').append(hex(record.value()));
            for (Header header : record.headers())
                out.append(' ').append(HEX.formatHex(header.key().getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                    .append('=').append(header.value() == null ? "null" : hex(ByteBuffer.wrap(header.value())));
            out.append('\n');
        }
    }

    static String hex(ByteBuffer bytes) {
        if (bytes == null) return "null";
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        if (copy.length > 200) {
            java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
            crc.update(copy);
            return copy.length + "#" + Long.toHexString(crc.getValue());
        }
        return '"' + HEX.formatHex(copy) + '"';
    }

    static void print(String name, MemoryRecords records) {
        ByteBuffer buffer = records.buffer().duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        StringBuilder out = new StringBuilder("# " + name + "\nhex " + HEX.formatHex(bytes) + "\n");
        for (RecordBatch batch : records.batches()) dump(batch, out);
        System.out.print(out);
    }

    static byte[] word(Random random, int longest) {
        byte[] bytes = new byte[random.nextInt(longest + 1)];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) ('a' + random.nextInt(4));
        return bytes;
    }

    static SimpleRecord record(Random random, int longest) {
        List<Header> headers = new ArrayList<>();
        while (random.nextInt(3) == 0)
            headers.add(new RecordHeader("kopf-ä-" + random.nextInt(5), random.nextInt(3) == 0 ? null : word(random, 9)));
        return new SimpleRecord(NOW + random.nextInt(100_000) - 50_000,
            random.nextInt(4) == 0 ? null : word(random, 12),
            random.nextInt(8) == 0 ? null : word(random, longest), headers.toArray(new Header[0]));
    }

    static MemoryRecords build(Compression compression, TimestampType type, long offset, long producerId, boolean transactional,
            List<SimpleRecord> records) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024), RecordBatch.MAGIC_VALUE_V2, compression,
            type, offset, NOW + 77, producerId, (short) (producerId < 0 ? -1 : 3), producerId < 0 ? -1 : Integer.MAX_VALUE - 1,
            transactional, 5);
        for (SimpleRecord record : records) builder.append(record);
        return builder.build();
    }

    static List<SimpleRecord> records(Random random, int count, int longest) {
        return java.util.stream.Stream.generate(() -> record(random, longest)).limit(count).collect(Collectors.toList());
    }

    static void write(long seed) {
        Random random = new Random(seed);
        for (CompressionType type : CompressionType.values()) {
            Compression codec = Compression.of(type).build();
            print(type.name + " plain", build(codec, TimestampType.CREATE_TIME, 0, -1, false, records(random, 3, 40)));
            print(type.name + " idempotent", build(codec, TimestampType.CREATE_TIME, 1L << 40, 4711, false, records(random, 5, 40)));
            print(type.name + " transactional, LogAppendTime",
                build(codec, TimestampType.LOG_APPEND_TIME, 12, 1L << 50, true, records(random, 4, 40)));
        }
        // Larger than one block of snappy (32 KiB) and lz4 (64 KiB).
        List<SimpleRecord> repeated = new ArrayList<>();
        for (int i = 0; i < 24; i++) repeated.add(new SimpleRecord(NOW + i, null, "Die Moldau. ".repeat(300).getBytes()));
        for (CompressionType type : CompressionType.values())
            if (type != CompressionType.NONE)
                print(type.name + " of several blocks",
                    build(Compression.of(type).build(), TimestampType.CREATE_TIME, 0, -1, false, repeated));
        for (ControlRecordType type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT))
            print("marker " + type.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(99, NOW, 5, 4711, (short) 3,
                new EndTransactionMarker(type, 17)));
        ByteBuffer empty = ByteBuffer.allocate(DefaultRecordBatch.RECORD_BATCH_OVERHEAD);
        DefaultRecordBatch.writeEmptyHeader(empty, RecordBatch.MAGIC_VALUE_V2, 4711, (short) 3, 20, 100, 119, 5,
            TimestampType.CREATE_TIME, NOW, false, false);
        empty.flip();
        print("emptied by compaction", MemoryRecords.readableRecords(empty));
    }
}

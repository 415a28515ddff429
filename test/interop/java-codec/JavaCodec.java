import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Kafka's own codecs behind a pipe. Each request on stdin gets one answer on stdout, in order; sizes are int32.
 *
 *   request: size, op (1 byte), message name (writeUTF), version (int16), then
 *            'G' a seed (int64): encode a random message      'E' bytes: decode them and encode again
 *   answer:  size, 0 and the encoded bytes, or 1 and what went wrong
 *
 * Random messages are made by reflection over the generated classes, guided by their SCHEMAS: only fields that the
 * version carries are set, so every message can be written.
 */
public final class JavaCodec {
    private static final String[] PACKAGES = {
        "org.apache.kafka.common.message.",
        "org.apache.kafka.common.metadata.",
        "org.apache.kafka.coordinator.group.generated.",
        "org.apache.kafka.coordinator.share.generated.",
        "org.apache.kafka.coordinator.transaction.generated.",
    };

    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
        while (true) {
            if (in.available() == 0) out.flush();
            byte[] frame;
            try {
                frame = new byte[in.readInt()];
            } catch (EOFException end) {
                break;
            }
            in.readFully(frame);
            byte[] answer;
            int status = 0;
            try {
                answer = answer(ByteBuffer.wrap(frame));
            } catch (Throwable error) {
                Throwable cause = error instanceof InvocationTargetException ? error.getCause() : error;
                answer = cause.toString().getBytes(StandardCharsets.UTF_8);
                status = 1;
            }
            out.writeInt(1 + answer.length);
            out.writeByte(status);
            out.write(answer);
        }
        out.flush();
    }

    private static byte[] answer(ByteBuffer request) throws Exception {
        byte op = request.get();
        byte[] name = new byte[request.getShort()];
        request.get(name);
        Class<?> type = messageClass(new String(name, StandardCharsets.UTF_8));
        short version = request.getShort();
        Message message = (Message) type.getConstructor().newInstance();
        if (op == 'G') {
            Schema schema = ((Schema[]) type.getField("SCHEMAS").get(null))[version];
            fill(message, schema, new Random(request.getLong()), 0);
        } else {
            ByteBuffer body = request.slice();
            message.read(new ByteBufferAccessor(body), version);
            if (body.hasRemaining()) throw new IllegalStateException(body.remaining() + " bytes left over");
        }
        ByteBuffer encoded = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    private static Class<?> messageClass(String name) throws ClassNotFoundException {
        for (String prefix : PACKAGES) {
            for (String suffix : new String[] {"", "Data"}) {
                try {
                    Class<?> type = Class.forName(prefix + name + suffix);
                    if (Message.class.isAssignableFrom(type)) return type;
                } catch (ClassNotFoundException next) {
                    // Another package.
                }
            }
        }
        throw new ClassNotFoundException(name);
    }

    private static void fill(Object target, Schema schema, Random random, int depth) throws Exception {
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields) {
                Map<Integer, org.apache.kafka.common.protocol.types.Field> known = ((TaggedFields) bound.def.type).fields();
                for (org.apache.kafka.common.protocol.types.Field field : known.values()) {
                    if (random.nextInt(2) == 0) set(target, field.name, field.type, random, depth);
                }
                if (random.nextInt(10) == 0) addUnknownTag((Message) target, random);
            } else if (random.nextInt(10) > 0) {
                set(target, bound.def.name, bound.def.type, random, depth);
            } else if (!bound.def.type.isNullable()) {
                clearNull(target, bound.def.name);
            }
        }
    }

    /** A field whose default is null must be set in a version that cannot carry null. */
    private static void clearNull(Object target, String name) throws Exception {
        Field field = find(target.getClass(), name);
        if (field.get(target) != null) return;
        if (field.getType() == String.class) field.set(target, "");
        if (field.getType() == BaseRecords.class) field.set(target, MemoryRecords.EMPTY);
    }

    private static void addUnknownTag(Message target, Random random) {
        target.unknownTaggedFields().add(new RawTaggedField(100 + random.nextInt(1000), randomBytes(random, 200)));
    }

    private static void set(Object target, String name, Type type, Random random, int depth) throws Exception {
        Field field = find(target.getClass(), name);
        field.set(target, value(type, field.getType(), elementClass(field), name, random, depth));
    }

    private static Field find(Class<?> owner, String schemaName) {
        String wanted = schemaName.replace("_", "").toLowerCase(Locale.ROOT);
        for (Field field : owner.getDeclaredFields()) {
            if (field.getName().toLowerCase(Locale.ROOT).equals(wanted)) {
                field.setAccessible(true);
                return field;
            }
        }
        throw new IllegalStateException(owner + " has no field " + schemaName);
    }

    private static Class<?> elementClass(Field field) {
        java.lang.reflect.Type generic = field.getGenericType();
        if (!(generic instanceof ParameterizedType)) generic = field.getType().getGenericSuperclass();
        if (!(generic instanceof ParameterizedType)) return null;
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    @SuppressWarnings("unchecked")
    private static Object value(Type type, Class<?> java, Class<?> element, String name, Random random, int depth) throws Exception {
        if (type.isNullable() && random.nextInt(5) == 0) return null;
        if (type.isArray()) {
            Type elementType = type.arrayElementType().get();
            Collection<Object> list = java == List.class ? new ArrayList<>() : (Collection<Object>) java.getConstructor().newInstance();
            int length = random.nextInt(depth == 0 ? 5 : 3);
            for (int i = 0; i < length; i++) list.add(value(elementType, element, null, name, random, depth + 1));
            return list;
        }
        if (type instanceof Schema) {
            Object struct = java.getConstructor().newInstance();
            fill(struct, (Schema) type, random, depth + 1);
            return struct;
        }
        if (java == boolean.class || java == Boolean.class) return random.nextBoolean();
        if (java == byte.class || java == Byte.class) return (byte) random.nextInt();
        if (java == short.class || java == Short.class) return (short) random.nextInt();
        if (type == Type.UINT16) return random.nextInt(1 << 16);
        if (java == int.class || java == Integer.class) return random.nextInt();
        if (java == long.class || java == Long.class) return randomLong(name, random);
        if (java == double.class) return random.nextGaussian();
        if (java == Uuid.class) return new Uuid(random.nextLong(), random.nextLong());
        if (java == String.class) return randomText(random);
        if (java == byte[].class) return randomBytes(random, 100);
        if (java == ByteBuffer.class) return ByteBuffer.wrap(randomBytes(random, 100));
        return MemoryRecords.readableRecords(ByteBuffer.wrap(randomBytes(random, 2000)));
    }

    /** Offsets, times and ids are safe integers in Moldau; a hash has all its bits. */
    private static long randomLong(String name, Random random) {
        if (name.equals("metadata_hash")) return random.nextLong();
        return random.nextInt(4) == 0 ? -1 : random.nextLong() >> (11 + random.nextInt(50));
    }

    private static String randomText(Random random) {
        String letters = random.nextInt(4) == 0 ? "aé안 \u00df\u20ac" : "abcXYZ019._-";
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(12) == 0 ? 60 + random.nextInt(200) : random.nextInt(20);
        for (int i = 0; i < length; i++) text.append(letters.charAt(random.nextInt(letters.length())));
        return text.toString();
    }

    private static byte[] randomBytes(Random random, int limit) {
        byte[] bytes = new byte[random.nextInt(limit)];
        random.nextBytes(bytes);
        return bytes;
    }
}

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools one after the other in one JVM, since starting a JVM for each costs more than all they do.
 * Only where the tool keeps no state of its own between runs, and never for one that should be killed.
 *
 * <p>An order a line on stdin, {@code {"tool":"class name","args":["..."],"input":"its stdin"}}; for each an answer a line on
 * stdout, {@code {"status":0,"output":"its stdout and stderr"}}.
 */
public final class ToolRunner {
    /** Ends a tool where it would have ended the JVM. An Error, so that the tools' own catch blocks let it pass. */
    private static final class Ended extends Error {}

    private static Integer status;
    private static final List<Runnable> hooks = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        ObjectMapper json = new ObjectMapper();
        Exit.Procedure end = (code, message) -> {
            if (status == null) status = code; // the first is meant; a later one may come from handling Ended
            throw new Ended();
        };
        Exit.setExitProcedure(end);
        Exit.setHaltProcedure(end);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            status = null;
            hooks.clear();
            run(json.readTree(line), new PrintStream(output, true, StandardCharsets.UTF_8));
            ObjectNode answer = json.createObjectNode();
            answer.put("status", status == null ? 0 : status);
            answer.put("output", output.toString(StandardCharsets.UTF_8));
            answers.println(json.writeValueAsString(answer));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static void run(JsonNode order, PrintStream output) {
        List<String> args = new ArrayList<>();
        order.get("args").forEach(arg -> args.add(arg.asText()));
        System.setOut(output);
        System.setErr(output);
        System.setIn(new ByteArrayInputStream(order.get("input").asText().getBytes(StandardCharsets.UTF_8)));
        guarded(output, () -> {
            Class<?> tool = Class.forName(order.get("tool").asText());
            tool.getMethod("main", String[].class).invoke(null, (Object) args.toArray(new String[0]));
        });
        for (Runnable hook : hooks) guarded(output, hook::run);
    }

    private interface Body {
        void run() throws Exception;
    }

    private static void guarded(PrintStream output, Body body) {
        try {
            body.run();
        } catch (Ended ended) {
            // as wanted
        } catch (InvocationTargetException thrown) {
            if (!(thrown.getCause() instanceof Ended)) failed(output, thrown.getCause());
        } catch (Throwable thrown) {
            failed(output, thrown);
        }
    }

    private static void failed(PrintStream output, Throwable thrown) {
        if (status == null) status = 1;
        thrown.printStackTrace(output);
    }
}

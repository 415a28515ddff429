// Kafka Connect's own distributed worker, as its distribution starts it, that ends when its standard input does: it must not outlive
// the test that started it.
//
//   ConnectWorker WORKER.PROPERTIES
import java.io.IOException;
import org.apache.kafka.connect.cli.ConnectDistributed;

public final class ConnectWorker {
  public static void main(String[] args) {
    var end = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (IOException e) {
        // The end, too.
      }
      System.exit(0);
    });
    end.setDaemon(true);
    end.start();
    ConnectDistributed.main(args);
  }
}

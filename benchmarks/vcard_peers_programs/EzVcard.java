// Reads a file of cards with ez-vcard: java -cp JARS EzVcard.java FILE ROUNDS.
import ezvcard.io.text.VCardReader;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;

public class EzVcard {
    public static void main(String[] arguments) throws Exception {
        byte[] data = Files.readAllBytes(Path.of(arguments[0]));
        int rounds = Integer.parseInt(arguments[1]);
        StringBuilder seconds = new StringBuilder();
        int cards = 0;
        for (int round = 0; round <= rounds; round++) {
            long begun = System.nanoTime();
            cards = 0;
            try (VCardReader reader = new VCardReader(new ByteArrayInputStream(data))) {
                while (reader.readNext() != null) cards++;
            }
            double taken = (System.nanoTime() - begun) / 1e9;
            // The first round warms the compiler up.
            if (round > 0) seconds.append(round > 1 ? "," : "").append(taken);
        }
        System.out.println("{\"cards\":" + cards + ",\"seconds\":[" + seconds + "]}");
    }
}

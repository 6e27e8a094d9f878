// Reads cards with ez-vcard and writes them again: java -cp JARS Rewrite.java FROM TO < FILE.
// FROM and TO are vcf, jcard or xcard.
import ezvcard.Ezvcard;
import ezvcard.VCard;
import ezvcard.VCardVersion;
import java.util.List;

public class Rewrite {
    public static void main(String[] arguments) throws Exception {
        List<VCard> cards = switch (arguments[0]) {
            case "jcard" -> Ezvcard.parseJson(System.in).all();
            case "xcard" -> Ezvcard.parseXml(System.in).all();
            default -> Ezvcard.parse(System.in).all();
        };
        switch (arguments[1]) {
            case "jcard" -> Ezvcard.writeJson(cards).prodId(false).go(System.out);
            case "xcard" -> Ezvcard.writeXml(cards).prodId(false).go(System.out);
            default -> Ezvcard.write(cards).version(VCardVersion.V4_0).prodId(false).go(System.out);
        }
        System.out.flush();
    }
}

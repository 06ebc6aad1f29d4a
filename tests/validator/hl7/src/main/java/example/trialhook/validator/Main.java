package example.trialhook.validator;

import com.google.gson.Gson;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Validates many documents in one run, because the definitions take most of the time to load.
 *
 * <p>Arguments: a folder of CDS Hooks models, a file with {@link Document}s, and the file for the findings by name.
 */
public final class Main {

    private Main() {}

    /** JSON text under a name of the caller's; {@code model} is the URL of its model, or empty for an R4 resource. */
    record Document(String name, String model, String text) {}

    public static void main(String[] args) throws Exception {
        Gson gson = new Gson();
        Document[] documents;
        try (Reader reader = Files.newBufferedReader(Path.of(args[1]))) {
            documents = gson.fromJson(reader, Document[].class);
        }
        OfflineValidator validator = new OfflineValidator(Path.of(args[0]));
        Map<String, List<OfflineValidator.Finding>> findings = new LinkedHashMap<>();
        for (Document document : documents) {
            findings.put(document.name(), validator.validate(document.text(), document.model()));
        }
        Files.writeString(Path.of(args[2]), gson.toJson(findings));
    }
}

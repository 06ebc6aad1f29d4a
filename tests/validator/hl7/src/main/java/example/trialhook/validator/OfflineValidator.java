package example.trialhook.validator;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hl7.fhir.convertors.loaders.loaderR5.NullLoaderKnowledgeProviderR5;
import org.hl7.fhir.convertors.loaders.loaderR5.R4ToR5Loader;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.PackageInformation;
import org.hl7.fhir.r5.model.Parameters;
import org.hl7.fhir.r5.utils.validation.ValidatorSession;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManagerFactory;
import org.hl7.fhir.utilities.ByteProvider;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidatorSettings;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

/** HL7's validator with R4 and the CDS Hooks models, and no way to the network. */
final class OfflineValidator {

    private static final String R4 = "/org/hl7/fhir/r4/model/";
    private static final List<String> DEFINITIONS = List.of(
            "profile/profiles-types.xml",
            "profile/profiles-resources.xml",
            "extension/extension-definitions.xml",
            "valueset/valuesets.xml",
            "valueset/v3-codesystems.xml",
            "valueset/v2-tables.xml");

    private final SimpleWorkerContext context;

    /** One thing that the validator says. */
    record Finding(String severity, String path, String text) {}

    OfflineValidator(Path models) throws IOException {
        ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
        context = r4();
        for (CanonicalResource model : CdsHooksModels.load(models)) {
            context.cacheResource(model);
        }
    }

    List<Finding> validate(String text, String model) throws IOException {
        InstanceValidator validator = new InstanceValidator(
                context,
                null,
                XVerExtensionManagerFactory.createExtensionManager(context),
                new ValidatorSession(),
                new ValidatorSettings());
        validator.setPolicyAdvisor(
                new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.IGNORE, Set.of()));
        List<ValidationMessage> messages = new ArrayList<>();
        InputStream stream = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        if (model.isEmpty()) {
            validator.validate(null, messages, stream, FhirFormat.JSON);
        } else {
            validator.validate(null, messages, stream, FhirFormat.JSON, model);
        }
        return messages.stream().map(OfflineValidator::finding).toList();
    }

    private static Finding finding(ValidationMessage message) {
        String path = message.getLocation() == null ? "" : message.getLocation();
        return new Finding(message.getLevel().toCode(), path, message.getMessage());
    }

    private static SimpleWorkerContext r4() throws IOException {
        byte[] version = "version=4.0.1\n".getBytes(StandardCharsets.UTF_8);
        R4ToR5Loader loader = new R4ToR5Loader(
                SimpleWorkerContext.defaultTypesToLoad(), new NullLoaderKnowledgeProviderR5(), "4.0.1");
        SimpleWorkerContext context = new SimpleWorkerContext.SimpleWorkerContextBuilder()
                .fromDefinitions(
                        Map.of("version.info", ByteProvider.forBytes(version)),
                        loader,
                        new PackageInformation("hl7.fhir.r4.core", "4.0.1", new Date(0)));
        context.setAllowLoadingDuplicates(true); // the validator brings a newer list of licences of its own
        context.setCanRunWithoutTerminology(true);
        context.setNoTerminologyServer(true);
        context.setExpansionParameters(new Parameters());
        for (String name : DEFINITIONS) {
            try (InputStream stream = OfflineValidator.class.getResourceAsStream(R4 + name)) {
                context.loadFromFile(stream, name, loader);
            }
        }
        return context;
    }
}

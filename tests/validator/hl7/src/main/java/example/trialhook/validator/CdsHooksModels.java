package example.trialhook.validator;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hl7.fhir.r5.extensions.ExtensionDefinitions;
import org.hl7.fhir.r5.formats.JsonParser;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CodeSystem;
import org.hl7.fhir.r5.model.CodeType;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.Enumerations.CodeSystemContentMode;
import org.hl7.fhir.r5.model.Enumerations.PublicationStatus;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.model.StructureDefinition.StructureDefinitionKind;
import org.hl7.fhir.r5.model.ValueSet;

/**
 * HL7's logical models of CDS Hooks, from the one place on Maven Central that has them: the test cases.
 *
 * <p>That copy is 0.6.0, for R5; the outcomes beside HL7's samples were written with 1.1.2. What stands between the two
 * is made good here, as in the source of HL7's package (github.com/FHIR/fhir-tools-ig). Its value sets are not
 * in the test cases: these are CDS Hooks 2.0's own lists.
 */
final class CdsHooksModels {

    private static final String FHIR = "http://hl7.org/fhir/StructureDefinition/";
    private static final String TOOLS = "http://hl7.org/fhir/tools/";

    private CdsHooksModels() {}

    static List<CanonicalResource> load(Path folder) throws IOException {
        List<CanonicalResource> models = new ArrayList<>();
        models.add(base());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "CDSHook*.json")) {
            for (Path file : files) {
                models.add(model(Files.readString(file)));
            }
        }
        addCodes(models, "CDSIndicator", "info", "warning", "critical");
        addCodes(models, "CDSActionType", "create", "update", "delete");
        addCodes(models, "CDSSelectionBehavior", "at-most-one", "any");
        addCodes(models, "CDSLinkType", "absolute", "smart");
        return models;
    }

    private static StructureDefinition model(String text) throws IOException {
        String current = text.replace(
                        ExtensionDefinitions.EXT_JSON_NAME_DEPRECATED, ExtensionDefinitions.EXT_JSON_NAME)
                .replace(
                        ExtensionDefinitions.EXT_EXTENSION_STYLE_DEPRECATED,
                        ExtensionDefinitions.EXT_EXTENSION_STYLE_NEW);
        StructureDefinition model = (StructureDefinition) new JsonParser().parse(current);
        if (model.getName().equals("CDSHooksExtensions")) {
            nameExtensions(model);
        }
        return model;
    }

    /** In 0.6.0 this element lost the mark that its members are extensions under names of their own. */
    private static void nameExtensions(StructureDefinition model) {
        ElementDefinition extension = model.getSnapshot().getElementByPath("CDSHooksExtensions.extension");
        extension.setSlicing(null).setConstraint(null).getTypeFirstRep().setCode("Base");
        extension.addExtension(ExtensionDefinitions.EXT_EXTENSION_STYLE_NEW, new CodeType("named-elements"));
    }

    /** The root of all types, which R4 does not have under a name. */
    private static StructureDefinition base() {
        StructureDefinition base = new StructureDefinition();
        base.setKind(StructureDefinitionKind.COMPLEXTYPE).setAbstract(true).setType("Base");
        base.setUrl(FHIR + "Base").setName("Base").setVersion("4.0.1").setStatus(PublicationStatus.ACTIVE);
        base.getSnapshot().addElement().setPath("Base").setMin(0).setMax("*").setId("Base");
        return base;
    }

    private static void addCodes(List<CanonicalResource> models, String name, String... codes) {
        CodeSystem system = new CodeSystem();
        system.setCaseSensitive(true).setContent(CodeSystemContentMode.COMPLETE);
        system.setUrl(TOOLS + "CodeSystem/" + name).setName(name).setStatus(PublicationStatus.ACTIVE);
        for (String code : codes) {
            system.addConcept().setCode(code).setDisplay(code);
        }
        ValueSet values = new ValueSet();
        values.setUrl(TOOLS + "ValueSet/" + name).setName(name).setStatus(PublicationStatus.ACTIVE);
        values.getCompose().addInclude().setSystem(system.getUrl());
        models.add(system);
        models.add(values);
    }
}

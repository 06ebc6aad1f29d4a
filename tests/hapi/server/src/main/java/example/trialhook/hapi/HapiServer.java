package example.trialhook.hapi;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import org.springframework.boot.SpringApplication;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * HAPI FHIR JPA, R4, on H2 in memory: a real FHIR server for tests where there is no internet.
 * Everything it holds is gone when it stops.
 *
 * <p>Settings, as arguments or in the environment: {@code --port=8080}, {@code --address=127.0.0.1}.
 */
@Configuration
@Import({
    JpaR4Config.class,
    HapiJpaConfig.class,
    ThreadPoolFactoryConfig.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    Storage.class,
    Subscriptions.class,
    FhirEndpoint.class
})
public class HapiServer {

    public static void main(String[] args) {
        SpringApplication.run(HapiServer.class, args);
    }
}

package example.trialhook.hapi;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.CorsInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.cors.CorsConfiguration;

/** What clients see: FHIR R4 under {@code /fhir}, in pages, open to browsers of any origin. */
@Configuration
public class FhirEndpoint {

    private static final int DEFAULT_PAGE = 20;

    /** Small, so that a client asking for more has to follow {@code next}. */
    private static final int LARGEST_PAGE = 200;

    @Bean
    public TomcatServletWebServerFactory tomcat(Environment environment) throws UnknownHostException {
        TomcatServletWebServerFactory tomcat =
                new TomcatServletWebServerFactory(environment.getProperty("port", Integer.class, 8080));
        tomcat.setAddress(InetAddress.getByName(environment.getProperty("address", "127.0.0.1")));
        // Clients write "system|code" unescaped, which Tomcat refuses by default.
        tomcat.addConnectorCustomizers(connector -> connector.setProperty("relaxedQueryChars", "|"));
        return tomcat;
    }

    @Bean
    public RestfulServer restfulServer(
            FhirContext context,
            ResourceProviderFactory resources,
            JpaSystemProvider<?, ?> system,
            IFhirSystemDao<?, ?> systemDao,
            JpaStorageSettings settings,
            ISearchParamRegistry searchParameters,
            IValidationSupport validation,
            DatabaseBackedPagingProvider paging) {
        RestfulServer server = new RestfulServer(context);
        server.registerProviders(resources.createProviders());
        server.registerProvider(system);
        server.setServerConformanceProvider(
                new JpaCapabilityStatementProvider(server, systemDao, settings, searchParameters, validation));
        paging.setDefaultPageSize(DEFAULT_PAGE);
        paging.setMaximumPageSize(LARGEST_PAGE);
        server.setPagingProvider(paging);
        server.registerInterceptor(new CorsInterceptor(anyOrigin()));
        return server;
    }

    @Bean
    public ServletRegistrationBean<RestfulServer> fhirServlet(RestfulServer server) {
        return new ServletRegistrationBean<>(server, "/fhir/*");
    }

    private static CorsConfiguration anyOrigin() {
        CorsConfiguration cors = new CorsConfiguration();
        cors.setAllowedOrigins(List.of("*"));
        cors.setAllowedMethods(List.of("*"));
        cors.setAllowedHeaders(List.of("*"));
        cors.setExposedHeaders(List.of("Location", "Content-Location", "ETag", "Last-Modified"));
        return cors;
    }
}

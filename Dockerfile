# The service, without test tools: wheels only, pinned with hashes, run by a user who owns nothing but its state.
# With tracing: docker build --build-arg LOCK=tracing .
FROM python:3.12-slim AS build
ARG LOCK=runtime
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/tracing.txt requirements/
RUN python -m venv /opt/trialhook \
 && /opt/trialhook/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    -r requirements/build.txt -r requirements/${LOCK}.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY mappings mappings
COPY cards cards
COPY cds_service cds_service
RUN /opt/trialhook/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/trialhook/bin/pip uninstall --yes setuptools pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/trialhook --create-home trialhook
COPY --from=build /opt/trialhook /opt/trialhook
COPY LICENSE NOTICE /usr/share/doc/trialhook/
ENV PATH=/opt/trialhook/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRIALHOOK_CLIENTS=/etc/trialhook/clients.yaml \
    TRIALHOOK_STATE_DIR=/var/lib/trialhook \
    WEB_CONCURRENCY=2
USER trialhook
VOLUME /var/lib/trialhook
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8090/healthz', timeout=2)"]
# It does not start without a clients.yaml at TRIALHOOK_CLIENTS: only registered EHRs may call a container.
CMD ["trialhook", "serve", "--host", "0.0.0.0"]

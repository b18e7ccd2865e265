ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . ./
# Compiled here because the running container cannot write; unchecked because an image's files do not change.
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && python -m compileall -q --invalidation-mode unchecked-hash bot core handlers scheduler screens migrations sandbox

FROM python:${PYTHON}
# /app/data/urn exists so that a volume mounted there belongs to the right user.
RUN groupadd --gid 10001 dreiklang \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin dreiklang \
    && install -d -m 0700 -o dreiklang -g dreiklang /app /app/data /app/data/urn \
    && chmod 0755 /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/app/data/.matplotlib \
    DREIKLANG_LISTEN=0.0.0.0:8080
WORKDIR /app
USER 10001:10001
VOLUME ["/app/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
# Without ProxyHandler({}) a proxy set for Telegram would be asked for our own address.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import os; from urllib.request import ProxyHandler, build_opener; port = os.environ['DREIKLANG_LISTEN'].rpartition(':')[2]; build_opener(ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
CMD ["sh", "-c", "dreiklang migrate && exec dreiklang run"]

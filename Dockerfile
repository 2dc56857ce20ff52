# Freshet in a container: `docker compose up`, or docs/guide/operate.md.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
ARG PYTHON
RUN python -m venv /opt/freshet
# Packages first: they change rarely, and are kept when only our sources change.
COPY requirements/run.txt /tmp/run.txt
RUN /opt/freshet/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r /tmp/run.txt \
    && /opt/freshet/bin/pip uninstall --yes --quiet pip setuptools
# Python alone: there is nothing to build, so nothing unpinned to build it with.
COPY src/freshet /opt/freshet/lib/python${PYTHON}/site-packages/freshet
RUN printf '#!/opt/freshet/bin/python\nfrom freshet.cli import main\n\nmain()\n' \
        > /opt/freshet/bin/freshet \
    && chmod 755 /opt/freshet/bin/freshet \
    && /opt/freshet/bin/python -m compileall -q /opt/freshet/lib/python${PYTHON}/site-packages/freshet


FROM python:${PYTHON}-slim
RUN groupadd --gid 10001 freshet \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data freshet \
    && install -d -o freshet -g freshet -m 700 /data /cache /backups \
    && install -d /etc/freshet
COPY --from=build /opt/freshet /opt/freshet
# Kernels are compiled for the processor at hand, so on the first start and not here: /cache
# keeps them. `freshet.toml` is read from the working folder, if one is put there.
ENV PATH=/opt/freshet/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/cache \
    FRESHET_DATA=/data \
    FRESHET_BACKUP_FOLDER=/backups \
    FRESHET_HTTP_HOST=0.0.0.0 \
    FRESHET_HTTP_PORT=8420
USER 10001:10001
WORKDIR /etc/freshet
VOLUME ["/data", "/cache", "/backups"]
EXPOSE 8420
STOPSIGNAL SIGTERM
# The first start compiles for some minutes.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 \
    CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ['FRESHET_HTTP_PORT']), timeout=4); c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["freshet"]
CMD ["serve"]

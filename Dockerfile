# docker build -t tapctl . && docker run --rm -v "$PWD:/work:ro" tapctl preflight template.yaml --snapshot account.json
FROM python:3.13-slim AS build
COPY . /src
RUN python -m venv /opt/tapctl && \
    /opt/tapctl/bin/pip install --no-cache-dir --constraint /src/constraints.txt /src

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home tapctl
COPY --from=build /opt/tapctl /opt/tapctl
ENV PATH=/opt/tapctl/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /work
ENTRYPOINT ["tapctl"]
CMD ["--help"]

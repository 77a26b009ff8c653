# One static binary on an empty image, without root and without a shell. It
# writes to /data alone: the root of the container may be read-only, as
# deploy/compose.yaml has it.
#
#   docker build -t tilgate .
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 -v tilgate:/data tilgate \
#       demo --data /data/kb --listen 0.0.0.0:8080 --host localhost --host 127.0.0.1
#
# For several architectures at once, with a list of what is in the image and a
# statement of how it was built:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=true -t tilgate .
#
# The list of the binary itself lies in it as /sbom.cdx.json (CycloneDX).
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY tools/release/go.mod tools/release/go.sum ./tools/release/
RUN go mod download && cd tools/release && go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /tilgate ./cmd/tilgate \
 && go -C tools/release run ./sbom /tilgate > /sbom.cdx.json \
 && mkdir -p /empty/data

FROM scratch
ARG VERSION= REVISION=
LABEL org.opencontainers.image.title="Tilgate" \
      org.opencontainers.image.description="Serves language models in local languages, on local machines" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.documentation="README.md"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /empty/ /
COPY --from=build /tilgate /sbom.cdx.json /
COPY --from=build /src/docs/licences.md /licences.md
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
# TMPDIR: the only folder that may be written to.
ENV TMPDIR=/data
ENTRYPOINT ["/tilgate"]
CMD ["--help"]

# One static binary on an empty image, without root.
#
#   docker build -t tilgate .
#   docker run --rm -p 127.0.0.1:8080:8080 -v tilgate:/data tilgate \
#       demo --data /data/kb --listen 0.0.0.0:8080 --host localhost --host 127.0.0.1
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /tilgate ./cmd/tilgate \
 && mkdir -p /empty/data /empty/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /empty/ /
COPY --from=build /tilgate /tilgate
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/tilgate"]
CMD ["--help"]

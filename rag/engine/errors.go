package engine

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The texts and codes are Qdrant's, so that callers who match on them need not
// know which of the two they talk to.

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func wrongInput(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, "Wrong input: "+format, args...)
}

func validation(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, "Validation error in body: ["+format+"]", args...)
}

func notFound(format string, args ...any) error {
	return status.Errorf(codes.NotFound, "Not found: "+format, args...)
}

func noCollection(name string) error {
	return notFound("Collection `%s` doesn't exist!", name)
}

func unimplemented(what string) error {
	return status.Errorf(codes.Unimplemented, "the embedded engine does not serve %s; use a Qdrant server for it", what)
}

// diskFull goes by text where it must: bbolt does not wrap the errors of
// growing its file.
func diskFull(err error) bool {
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT} {
		if errors.Is(err, full) || err != nil && strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

// storageError turns an error of the disk into the gRPC error that callers
// see. Nothing of the request was applied when it is returned.
func storageError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	if diskFull(err) {
		return status.Errorf(codes.Internal, "Service internal error: No space left on device: nothing of this request was stored: %v", err)
	}
	return status.Error(codes.Internal, fmt.Sprintf("Service internal error: %v", err))
}

// Package pdf reads PDF files.
//
// pdfium opens a file and says which letters stand where; all that makes text of
// them happens here. The one thing to know before changing it: the order in
// which pdfium gives letters is not used. It takes right-to-left text for stored
// from left to right, repeats what ActualText says, and puts spaces into
// clusters. Letters go back into the order in which they were painted (painted,
// readLTR); lines that are read from the right are turned around by where their
// letters stand, which is what people see (readRTL).
//
// A page goes this way: collect makes sheets of it, mend judges its fonts,
// layout finds lines, columns and tables, and repaired mends what was named by
// its looks. When all pages are read, document knows the usual size of letters
// and what stands on most pages, and builds headings and paragraphs.
//
// # Why pdfium
//
// Characters wrong, as a share of all, in a page of each language that Chromium
// and LibreOffice made (in brackets: in two columns). Measured on texts such as
// those in testdata, spaces counted as one:
//
//	    this package               pdfium's own text       ledongthuc/pdf  pdftotext 22.12
//	    Chromium     LibreOffice   Chromium  LibreOffice   Chr.   Libre.   Chr.   Libre.
//	ky  0 (0)        0 (.002)      0         0             0      0        0      0
//	ar  0 (0)        0 (0)         .41       .11           .88    .82      .10    .14
//	ur  0 (0)        .004 (.008)   .77       .76           1.21   1.17     .33    .38
//	hi  0 (0)        .002 (0)      .09       .004          .16    .08      .002   .004
//	km  0 (0)        0 (0)         .24       .11           .35    .37      .05    .25
//	am  0 (0)        .006 (.009)   0         .009          .006   .006     0      .006
//	th  0 (.002)     .007 (.007)   .25       .02           .07    .06      .17    .08
//	fa  .011 (.010)  .011 (.010)   .40       .06           .85    .80      .11    .48
//
// What is left in fa is the joiner that parts می and توان, of which neither
// program leaves a trace; in am and th of LibreOffice it is a digit from a font
// of pictures that has no name for it. pdfcpu has no text to compare: it gives
// the painting instructions of a page as they are.
//
// pdfium is compiled to WebAssembly and runs in wazero, so there is no cgo, and
// what a hostile file breaks is an instance with 512 MB of its own and no files.
// One that hangs or traps is killed, and the next page is read by a fresh one.
// Compiling takes some four seconds of one core, when the first file is read.
// Pages of 2,500 letters are read at 25 to 60 a second.
//
// # What it does not do
//
// Titles in XMP are not read, only those in the Info dictionary. A single letter
// whose font gives it no shape is passed over by pdfium. Marks of lists that are
// painted as shapes, as Chromium does for bullets, leave paragraphs. Tables
// without lines are only taken for such when at least three rows and every
// column are aligned.
package pdf

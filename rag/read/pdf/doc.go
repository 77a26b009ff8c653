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
// Characters wrong, as a share of all, in pages that Chromium and LibreOffice
// made, spaces counted as one. New pages are 25 sentences a language from
// SIB-200, in other fonts, read once, after the rules were written. The rules
// were written looking at the other pages, those in testdata among them: there
// this package has an advantage that the others have not.
//
//	    new pages                                  pages that the rules were written on
//	    this package        pdfium's own text      this package   pdfium     ledongthuc  pdftotext
//	    Chr.    Libre.      Chr.    Libre.         Chr.   Libre.  Chr. Lib.  Chr. Lib.   Chr. Lib.
//	ky  .0003   0           0       0              0      0       0    0     0    0      0    0
//	ar  .0007   .049        .49     .22            0      0       .41  .11   .88  .82    .10  .14
//	ur  .014    .018        .71     .76            0      .004    .77  .76   1.21 1.17   .33  .38
//	hi  0       .007        .09     .004           0      .002    .09  .004  .16  .08    .002 .004
//	km  .067    .077        .47     .31            0      0       .24  .11   .35  .37    .05  .25
//	am  0       .001        0       .002           0      .006    0    .009  .006 .006   0    .006
//	th  .002    .003        .19     .02            0      .007    .25  .02   .07  .06    .17  .08
//	fa  .006    .013        .41     .09            .011   .011    .40  .06   .85  .80    .11  .48
//
// In new Khmer all errors of Chromium are spaces without width, which leave no
// trace (.012 of LibreOffice without them). The .049 were ligatures that the
// file names with two letters; they are read since (.008), which nothing new has
// confirmed. What is left in fa is the joiner that parts می and توان, of which
// neither program leaves a trace. In hi and ur it is spaces between words that
// overlap. pdfcpu has no text to compare: it gives the painting instructions of
// a page as they are. Nothing here was measured on files of Word or of a ministry.
//
// pdfium is compiled to WebAssembly and runs in wazero, so there is no cgo, and
// what a hostile file breaks is an instance with 512 MB of its own and no files.
// One that hangs or traps is killed, and the next page is read by a fresh one.
// Compiling takes some four seconds of one core, when the first file is read.
// From then on 28 to 40 pages of 2,500 letters were read in a second on a machine
// that did other work besides.
// A process that reads takes 0.4 GB, and 1.4 GB at most, for a file that wants
// all that an instance may have.
//
// # What it does not do
//
// Titles in XMP are not read, only those in the Info dictionary. A single letter
// whose font gives it no shape is passed over by pdfium. Marks of lists that are
// painted as shapes, as Chromium does for bullets, leave paragraphs. Tables
// without lines are only taken for such when at least three rows and every
// column are aligned.
package pdf

# SPDX-License-Identifier: MIT
# wheel.pl DIR NAME VERSION [REQUIRES]: a Python package with one module.
use strict;
use warnings;
use IO::Compress::Zip ':all';
my ($dir, $name, $version, $requires) = @ARGV;
my $info = "$name-$version.dist-info";
my @files = (
	"$name.py" => "version = \"$version\"\n",
	"$info/METADATA" => "Metadata-Version: 2.1\n" .
		"Name: $name\nVersion: $version\n" .
		($requires ? "Requires-Dist: $requires\n" : ""),
	"$info/WHEEL" => "Wheel-Version: 1.0\n" .
		"Generator: test\nRoot-Is-Purelib: true\n" .
		"Tag: py3-none-any\n",
	"$info/RECORD" => "$name.py,,\n$info/METADATA,,\n" .
		"$info/WHEEL,,\n$info/RECORD,,\n");
my $zip;
while (my ($path, $text) = splice @files, 0, 2) {
	if ($zip) {
		$zip->newStream(Name => $path);
	} else {
		$zip = IO::Compress::Zip->new(
			"$dir/$name-$version-py3-none-any.whl",
			Name => $path) or die $ZipError;
	}
	$zip->print($text);
}
$zip->close;

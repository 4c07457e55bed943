import type { Photo } from "../api-types";
import { Status, When } from "../lib/marks";
import { money, pathOf, size, typeWords } from "../lib/words";
import { Actions } from "./actions";
import { AssessmentView, Evidence } from "./assessment";
import { Gallery } from "./gallery";
import { addressOf, open, openNumber, openReport, reportProblem, retryReport, type Report, viewer } from "./model";
import { Repair } from "./repair";

function Fact({ label, children }: { label: string; children: preact.ComponentChildren }) {
	return <div><dt>{label}</dt><dd>{children}</dd></div>;
}

function Facts({ report }: { report: Report }) {
	const { vehicle, location } = report;
	return (
		<section class="block">
			<h3>Facts</h3>
			<dl class="facts">
				<Fact label="Filed"><When at={report.reportedAt} exact /></Fact>
				<Fact label="Happened"><When at={report.incidentAt} exact /></Fact>
				{report.driver && <Fact label="Driver">{report.driver.name}</Fact>}
				{report.facility && <Fact label="Depot">{report.facility.name}</Fact>}
				{report.address && <Fact label="Place">{report.address}</Fact>}
				{location && <Fact label="Position">{location.latitude.toFixed(5)}, {location.longitude.toFixed(5)}</Fact>}
				<Fact label="Plate">{vehicle.plate ?? "–"}</Fact>
				<Fact label="VIN"><code>{vehicle.vin}</code></Fact>
				{report.damageType && <Fact label="Kind">{typeWords[report.damageType]}</Fact>}
				{report.estimatedCost && <Fact label="Estimated cost">{money(report.estimatedCost, true)}</Fact>}
				{report.actualCost && <Fact label="Actual cost">{money(report.actualCost, true)}</Fact>}
				{report.completedAt && <Fact label="Completed"><When at={report.completedAt} exact /></Fact>}
				<Fact label="Last change"><When at={report.updatedAt} exact /> <span class="faint">version {report.version}</span></Fact>
			</dl>
		</section>
	);
}

function Timeline({ report }: { report: Report }) {
	return (
		<section class="block">
			<h3>History</h3>
			<ol class="timeline">{report.history.nodes.map((entry) => (
				<li key={entry.id}><When at={entry.at} exact /> <span>{entry.text}</span>
					{entry.reason && <q>{entry.reason}</q>}</li>
			))}</ol>
		</section>
	);
}

function Files({ photos }: { photos: Photo[] }) {
	if (photos.length === 0)
		return null;
	return (
		<details class="block files">
			<summary>Photo files as sent ({photos.length})</summary>
			<div class="scroll"><table>
				<thead><tr><th>Photo</th><th>Size</th><th>Taken</th><th>SHA-256</th></tr></thead>
				<tbody>{photos.map((photo, index) => (
					<tr>
						<td>{photo.removedAt ? `Photo ${index + 1}` : <a href={pathOf(photo.url)}>Photo {index + 1}</a>} <span class="faint">{photo.mediaType}</span></td>
						<td>{photo.width} × {photo.height}, {size(Number(photo.sizeBytes))}</td>
						<td>{photo.removedAt ? <span class="faint">removed by an erasure, <When at={photo.removedAt} exact /></span>
							: photo.takenAt ? <When at={photo.takenAt} exact /> : <span class="faint">not in the file</span>}</td>
						<td><code>{photo.sha256}</code></td>
					</tr>
				))}</tbody>
			</table></div>
		</details>
	);
}

function Loaded({ report }: { report: Report }) {
	const { vehicle } = report;
	return (
		<article class="report">
			<header class="report-head">
				<h2>{vehicle.name} <span class="number">#{report.number}</span></h2>
				<Status status={report.status} />
				<p class="faint">{vehicle.make} {vehicle.model} {vehicle.year}{vehicle.plate ? `, ${vehicle.plate}` : ""}</p>
			</header>
			<Actions key={report.id} report={report} />
			<div class="report-body">
				<div class="report-main">
					<Gallery photos={report.photos} vehicle={vehicle.name} />
					<p class="description">{report.description}</p>
				</div>
				<AssessmentView report={report} />
			</div>
			<Evidence report={report} />
			{viewer.value?.role !== "DRIVER" && <Repair report={report} />}
			<Facts report={report} />
			<Timeline report={report} />
			<Files photos={report.photos} />
		</article>
	);
}

function Loading() {
	return (
		<div class="report" aria-busy="true">
			<header class="report-head"><span class="bone is-title" /></header>
			<div class="report-body">
				<div class="report-main"><div class="gallery"><div class="stage bone" /></div></div>
				<div class="card assessment"><span class="bone" /><span class="bone" /><span class="bone is-short" /></div>
			</div>
		</div>
	);
}

export function ReportPane() {
	const report = openReport.value;
	return (
		<section class="report-pane" aria-label="Report">
			<a class="back-to-list" href={addressOf(null)} onClick={(event) => {
				event.preventDefault();
				open(null);
			}}>‹ All reports</a>
			{reportProblem.value && (
				<p class="problem" role="alert">{reportProblem.value} <button type="button" onClick={retryReport}>Try again</button></p>
			)}
			{report ? <Loaded report={report} />
				: report === null ? <div class="empty"><p>There is no report #{openNumber.value}.</p></div>
				: reportProblem.value ? null : <Loading />}
		</section>
	);
}

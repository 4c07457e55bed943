import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Photo } from "../api-types";
import { When } from "../lib/marks";
import { pathOf } from "../lib/words";

// Which photo is large; keys change it too (keys.ts). It starts again at 0 with each report.
export const shownPhoto = signal(0);
export const enlarged = signal(false);

let count = 0;

export function stepPhoto(by: number): void {
	if (count > 0)
		shownPhoto.value = (shownPhoto.peek() + by + count) % count;
}

function Steps() {
	return (
		<>
			<button type="button" class="step back" aria-label="Previous photo" onClick={() => stepPhoto(-1)}>‹</button>
			<button type="button" class="step on" aria-label="Next photo" onClick={() => stepPhoto(1)}>›</button>
		</>
	);
}

function Enlarged({ photo, name }: { photo: Photo; name: string }) {
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => dialog.current?.showModal(), []);
	return (
		<dialog class="enlarged" ref={dialog} aria-label={name} onClose={() => { enlarged.value = false; }}>
			<img src={pathOf(photo.viewUrl)} alt={name} width={photo.width} height={photo.height} />
			{count > 1 && <Steps />}
			<form method="dialog"><button class="close" aria-label="Close">×</button></form>
		</dialog>
	);
}

export function Gallery({ photos, vehicle }: { photos: Photo[]; vehicle: string }) {
	count = photos.length;
	const at = Math.min(shownPhoto.value, Math.max(0, photos.length - 1));
	const photo = photos[at];
	if (!photo)
		return <p class="gallery is-empty">No photos.</p>;
	const name = `Photo ${at + 1} of ${photos.length}, ${vehicle}`;
	return (
		<figure class="gallery">
			<div class="stage">
				<a href={pathOf(photo.viewUrl)} onClick={(event) => {
					event.preventDefault();
					enlarged.value = true;
				}}><img src={pathOf(photo.viewUrl)} alt={name} width={photo.width} height={photo.height} decoding="async" /></a>
				{photos.length > 1 && <Steps />}
			</div>
			{photo.removedAt ? <figcaption class="quality">This photo was removed by an erasure, <When at={photo.removedAt} exact />.</figcaption> : null}
			{photo.quality?.problems.length ? <figcaption class="quality">This photo is {photo.quality.problems.join(", ")}.</figcaption> : null}
			{photos.length > 1 && (
				<ol class="strip">
					{photos.map((other, index) => (
						<li><a href={pathOf(other.viewUrl)} aria-current={index === at ? "true" : undefined} aria-label={`Photo ${index + 1}`}
							onClick={(event) => {
								event.preventDefault();
								shownPhoto.value = index;
							}}><img src={pathOf(other.thumbnailUrl)} width="72" height="54" alt="" loading="lazy" /></a></li>
					))}
				</ol>
			)}
			{enlarged.value && <Enlarged photo={photo} name={name} />}
		</figure>
	);
}
